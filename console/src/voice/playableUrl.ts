const loopback: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** A chunk's address as this page may load it: one machine has several names, and the page's policy knows only its own. */
export const playableUrl = (url: string, origin: string): string => {
  const [theirs, ours] = [new URL(url, origin), new URL(origin)];
  const isSameMachine =
    loopback.includes(theirs.hostname) && loopback.includes(ours.hostname) && theirs.port === ours.port;
  return isSameMachine ? `${ours.origin}${theirs.pathname}${theirs.search}` : theirs.href;
};
