import { useSyncExternalStore } from 'react';
import { useClient } from './parley.ts';

const words = { idle: '', connecting: 'Connecting…', live: 'Live', reconnecting: 'Reconnecting…' } as const;

/** Whether what is on the page is live at this moment. */
export const ConnectionBadge = () => {
  const client = useClient();
  const state = useSyncExternalStore(client.onConnectionState, () => client.connectionState);
  return (
    <span className="connection" data-state={state} role="status" aria-label="Live connection">
      {words[state]}
    </span>
  );
};
