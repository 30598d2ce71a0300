import { retryConflicts } from '@parley/kernel/conflict';
import { type Database, openDatabase, type Pool } from '@parley/kernel/database';
import { PrismaClient } from '../generated/prisma/client.ts';

export type AuthDatabase = Database<PrismaClient>;
export type Client = PrismaClient;
/** A Prisma transaction: of one tenant, or of the gate. */
export type Tx = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

export const openAuthDatabase = (pool: Pool): AuthDatabase =>
  openDatabase({ pool, schema: 'identity', client: (adapter) => new PrismaClient({ adapter }) });

/** What precedes a tenant: who has this e-mail, whose is this token or key. */
export const gate = (database: AuthDatabase): Client => database.asRole('identity_gate');

/**
 * The rest of a tenant's transaction acts as the gate, for the one statement that a tenant's role may not run: what
 * must happen together with the tenant's rows or not at all.
 */
export const becomeGate = async (tx: Tx): Promise<void> => {
  await tx.$queryRaw`SELECT set_config('role', 'identity_gate', true), set_config('request.jwt.claims', '', true)`;
};

/** One transaction. A deadlock or a lost race is tried again: nothing of it was recorded. */
export const transaction = <T>(client: Client, work: (tx: Tx) => Promise<T>): Promise<T> =>
  retryConflicts(() => client.$transaction(work, { maxWait: 5000, timeout: 15_000 }));

/** Did the statement fail because there is such a row already? */
export const isDuplicate = (error: unknown): boolean => (error as { code?: string } | null)?.code === 'P2002';

/** Until the transaction ends nobody else records events of this organization or user: versions stay gapless. */
export const lockAggregate = async (tx: Tx, id: string): Promise<void> => {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`identity:${id}`}, 0))::text`;
};
