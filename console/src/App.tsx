import { SignInPage } from './account/SignInPage.tsx';
import { Console } from './Console.tsx';
import { useIsSignedIn } from './parley.ts';

export const App = () => (useIsSignedIn() ? <Console /> : <SignInPage />);
