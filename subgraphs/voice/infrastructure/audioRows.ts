import { borrow } from '@parley/kernel/connection';
import { beginWithRights, isUuid, type Pool } from '@parley/kernel/database';
import { sqlFor } from '@parley/kernel/sql';

/** What a chunk's row says of its object. `checksum`: SHA-256, hex; null in rows older than the column. */
export type AudioRow = { readonly chunkId: string; readonly key: string; readonly checksum: string | null };

/** The rows that speak of objects, of every tenant, as role `voice_reconciler`. */
export type AudioRows = {
  tenants(): Promise<string[]>;
  /** As they were at one moment, before the first is given; in the order of their keys' bytes. */
  of(tenantId: string): AsyncGenerator<AudioRow>;
  /** The row of an object as it is now. */
  find(tenantId: string, key: string): Promise<AudioRow | null>;
};

const role = 'voice_reconciler';
const columns = 'id AS "chunkId", blob_key AS key, blob_checksum AS checksum';
// From each tenant to the next, along the primary key.
const tenants = `
  WITH RECURSIVE known(id) AS (
    (SELECT tenant_id FROM voice.audio_chunk ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant_id FROM voice.audio_chunk WHERE tenant_id > known.id ORDER BY tenant_id LIMIT 1) FROM known WHERE known.id IS NOT NULL
  ) SELECT id FROM known WHERE id IS NOT NULL`;
const one = `SELECT ${columns} FROM voice.audio_chunk WHERE tenant_id = $1::uuid AND id = $2::uuid AND blob_key = $3`;
const all = `DECLARE audio NO SCROLL CURSOR FOR
  SELECT ${columns} FROM voice.audio_chunk WHERE tenant_id = $1::uuid AND blob_key IS NOT NULL ORDER BY blob_key COLLATE "C"`;

/** An object is named after its chunk: `…/<chunk id>.wav` */
const chunkIdOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.\w+$/, '');

export const audioRows = (pool: Pool): AudioRows => {
  const sql = sqlFor(pool, { role });
  return {
    tenants: async () => (await sql.run<{ id: string }>(tenants)).map(({ id }) => id),
    async *of(tenantId) {
      const lent = await borrow(pool);
      const run = async (text: string, values: unknown[] = []) => (await lent.query({ text, values })).rows;
      try {
        await lent.query({ text: beginWithRights({ role }) });
        // Sorting takes its time, and so does who looks at the objects between two pages.
        await run('SET LOCAL statement_timeout = 0');
        await run('SET LOCAL idle_in_transaction_session_timeout = 0');
        await run(all, [tenantId]);
        for (;;) {
          const rows: AudioRow[] = await run('FETCH 1000 FROM audio');
          if (rows.length === 0) return;
          yield* rows;
        }
      } finally {
        await run('ROLLBACK').catch((error: Error) => {
          lent.broken = error;
        });
        lent.giveBack();
      }
    },
    find: async (tenantId, key) => {
      const chunkId = chunkIdOf(key);
      if (!isUuid(chunkId)) return null;
      return (await sql.run<AudioRow>(one, [tenantId, chunkId, key]))[0] ?? null;
    },
  };
};
