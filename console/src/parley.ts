import { type Client, createClient, type Tokens } from '@parley/client';
import { createContext, useContext, useSyncExternalStore } from 'react';
import { keepTokens, keptTokens } from './tokenStore.ts';

const watchers = new Set<() => void>();

/** The page's one client. The session lives as long as the browser's tab. */
export const parley: Client = createClient({
  url: '/graphql',
  tokens: keptTokens(),
  onTokens: (tokens: Tokens | null) => {
    keepTokens(tokens);
    for (const watcher of watchers) watcher();
  },
});

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

export const useIsSignedIn = (): boolean => useSyncExternalStore(watch, () => parley.isSignedIn);

export const ClientContext = createContext<Client>(parley);
export const useClient = (): Client => useContext(ClientContext);
