import { useSyncExternalStore } from 'react';

/** What the address bar names after `#`, so that a reload comes back to it. */
export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'newAgent' }
  | { readonly page: 'conversation'; readonly id: string };

export const hashOf = (route: Route): string => {
  if (route.page === 'newAgent') return '#/agents/new';
  return route.page === 'conversation' ? `#/conversations/${encodeURIComponent(route.id)}` : '#/';
};

export const routeIn = (hash: string): Route => {
  if (hash === '#/agents/new') return { page: 'newAgent' };
  const id = /^#\/conversations\/([^/]+)$/.exec(hash)?.[1];
  return id === undefined ? { page: 'home' } : { page: 'conversation', id: decodeURIComponent(id) };
};

export const go = (route: Route): void => {
  location.hash = hashOf(route);
};

const watch = (listener: () => void) => {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
};

export const useRoute = (): Route => routeIn(useSyncExternalStore(watch, () => location.hash));
