/** The first frame of one of our streams: the source is attached, so nothing that happens from now on is missed. */
export const liveFrame = { extensions: { parley: 'live' } } as const;

export const isLive = (frame: unknown): boolean =>
  typeof frame === 'object' &&
  frame !== null &&
  'extensions' in frame &&
  (frame.extensions as { parley?: unknown } | null)?.parley === liveFrame.extensions.parley;

/** What the proof of a subscription covers: the same text on both sides, whatever else the message carries. */
export const subscribedText = (query: unknown, operationName: unknown, variables: unknown): string =>
  JSON.stringify([query, operationName ?? null, variables ?? null]);
