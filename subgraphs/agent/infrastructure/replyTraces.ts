import type { ReplyTrace } from '../generated/prisma/client.ts';
import type { Client, Tx } from './database.ts';

/** A cited passage, kept as it read when it was cited. */
export type StoredCitation = {
  readonly passageId: string;
  readonly documentId: string;
  readonly documentTitle: string;
  readonly text: string;
  readonly score: number;
};
export type NewReplyTrace = Omit<ReplyTrace, 'citations'> & { readonly citations: StoredCitation[] };

export const findReply = (client: Client, tenantId: string, inReplyToId: string): Promise<ReplyTrace | null> =>
  client.replyTrace.findUnique({ where: { tenantId_inReplyToId: { tenantId, inReplyToId } } });

/** @returns false when the turn has a reply already; that one stands */
export const insertReply = async (tx: Tx, trace: NewReplyTrace): Promise<boolean> =>
  (await tx.replyTrace.createMany({ data: [trace], skipDuplicates: true })).count === 1;
