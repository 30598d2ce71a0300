import type { ProvenCall, SignedRequest } from './callProof.ts';
import type { SubgraphResult } from './subgraph.ts';

/**
 * What our services send each other over a subscription's socket: results in order, each signed with its place. The
 * first is empty and says that the source is attached: nothing that happens from then on is missed.
 */
export type Frame = SubgraphResult & { readonly extensions: { readonly parley: string } };

export const signedFrame = (call: ProvenCall, index: number, result: SubgraphResult): Frame => ({
  ...result,
  extensions: { parley: call.signFrame(index, JSON.stringify(result)) },
});

/** The result in a frame; null where it is not the one that belongs in this place (D18). */
export const readFrame = (signed: SignedRequest, index: number, frame: object): SubgraphResult | null => {
  const { extensions, ...result } = frame as Partial<Frame>;
  return signed.isFrame(extensions?.parley, index, JSON.stringify(result)) ? result : null;
};

/** What the proof of a subscription covers: the same text on both sides, whatever else the message carries. */
export const subscribedText = (query: unknown, operationName: unknown, variables: unknown): string =>
  JSON.stringify([query, operationName ?? null, variables ?? null]);
