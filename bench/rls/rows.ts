import { randomUUID } from 'node:crypto';
import pg from 'pg';

export type Rows = { readonly tenantId: string; readonly conversations: readonly string[] };

const tenants = 20;
const perTenant = 100;

/** Twenty tenants with a hundred conversations of twenty turns each. @returns those of one of them */
export const seedConversations = async (adminUrl: string): Promise<Rows> => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    let rows: Rows = { tenantId: '', conversations: [] };
    for (let tenant = 0; tenant < tenants; tenant++) {
      rows = { tenantId: randomUUID(), conversations: Array.from({ length: perTenant }, () => randomUUID()) };
      await admin.query(
        `INSERT INTO sales.conversation (tenant_id, id, agent_id, channel, locale, created_at, turn_count)
         SELECT $1, id, gen_random_uuid(), 'WEB', 'en-US', now(), 20 FROM unnest($2::uuid[]) id`,
        [rows.tenantId, rows.conversations],
      );
      await admin.query(
        `INSERT INTO sales.turn (tenant_id, id, conversation_id, sequence, role, state, text, created_at)
         SELECT $1, gen_random_uuid(), id, sequence, 'CUSTOMER', 'COMPLETED', repeat('What does the Pro plan cost? ', 3), now()
         FROM unnest($2::uuid[]) id, generate_series(1, 20) sequence`,
        [rows.tenantId, rows.conversations],
      );
    }
    await admin.query('ANALYZE sales.conversation, sales.turn');
    return rows;
  } finally {
    await admin.end();
  }
};
