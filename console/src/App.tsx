import { SignInPage } from './account/SignInPage.tsx';
import { Console } from './Console.tsx';
import { useIsSignedIn } from './parley.ts';
import { CrashGuard } from './ui/CrashGuard.tsx';

export const App = () => {
  const isSignedIn = useIsSignedIn();
  return <CrashGuard>{isSignedIn ? <Console /> : <SignInPage />}</CrashGuard>;
};
