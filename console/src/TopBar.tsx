import { ConnectionBadge } from './ConnectionBadge.tsx';
import { useClient } from './parley.ts';
import { go } from './route.ts';

export const TopBar = ({ organization, email }: { organization: string | null; email: string | null }) => {
  const client = useClient();
  const leave = () => {
    go({ page: 'home' });
    void client.signOut();
  };
  return (
    <header className="topBar">
      <a className="brand" href="#/">
        <img src="/favicon.svg" alt="" width="26" height="26" />
        Parley
      </a>
      {organization !== null && <span className="organization">{organization}</span>}
      <ConnectionBadge />
      <span className="person">{email}</span>
      <button type="button" className="button quiet small" onClick={leave}>
        Sign out
      </button>
    </header>
  );
};
