import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openPool, type Pool } from '@parley/kernel/database';
import { uuidv7 } from '@parley/kernel/id';
import { openStage } from '@parley/kernel/rehearsal';
import { sqlFor } from '@parley/kernel/sql';
import { createAgent, sendMessage, signUp, startConversation } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';

describe('a rehearsal', () => {
  let platform: TestPlatform;
  let admin: Pool;
  before(async () => {
    platform = await startTestPlatform({ REHEARSAL: 'on' });
    admin = openPool(platform.database.adminUrl, { max: 2 });
  });
  after(async () => {
    await admin?.end();
    await platform?.stop();
  });

  it('leaves no row, no event and no audio behind, and a real conversation is answered after it', async () => {
    await platform.rehearsed;
    const { rows: tables } = await admin.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.columns
       WHERE column_name = 'tenant_id' AND table_schema IN ('identity', 'sales', 'voice', 'agent', 'analytics')`,
    );
    assert.ok(tables.length > 20);
    for (const { name } of tables)
      assert.equal((await admin.query(`SELECT 1 FROM ${name} LIMIT 1`)).rows.length, 0, `${name} has rows`);
    for await (const tenantId of platform.audio.tenants()) assert.fail(`${tenantId} has audio`);

    const owner = await signUp(platform.url);
    const { agentId } = await createAgent(platform.url, owner.accessToken);
    const { conversation, visitorToken } = await startConversation(platform.url, owner.accessToken, agentId);
    await sendMessage(platform.url, visitorToken, conversation.id, 'How much is the Pro plan?');
    await platform.drained();
    assert.equal((await admin.query('SELECT DISTINCT tenant_id FROM sales.event')).rows.length, 1);
  });

  it('keeps its tenant to itself: others see nothing of it, what fails undoes only itself, and late comers are refused', async () => {
    const pool = openPool(platform.database.url, { max: 3 });
    try {
      const tenantId = uuidv7();
      const sql = sqlFor(pool, { role: 'agent_app', tenantId });
      const insert = `INSERT INTO agent.knowledge_base (tenant_id, id, name, created_at) VALUES (platform.tenant_id(), $1, 'Kept', now())`;
      const count = async () => (await sql.run('SELECT 1 FROM agent.knowledge_base')).length;
      const stored = async () =>
        (await admin.query('SELECT 1 FROM agent.knowledge_base WHERE tenant_id = $1', [tenantId])).rows.length;
      const stage = await openStage(pool, tenantId);
      await sql.run(insert, [uuidv7()]);
      await sql.transaction((tx) => tx.last(insert, [uuidv7()]));
      await assert.rejects(sql.run('SELECT 1 / 0'));
      await assert.rejects(
        sql.transaction(async (tx) => {
          await tx.query(insert, [uuidv7()]);
          throw new Error('on purpose');
        }),
        /on purpose/,
      );
      assert.equal(await count(), 2);
      assert.equal(await stored(), 0);
      await stage.end();
      await assert.rejects(count(), /the rehearsal is over/);
      assert.equal(await stored(), 0);
    } finally {
      await pool.end();
    }
  });

  it('takes no connection from others for long when it ends, and gives back each it took', async () => {
    const pool = openPool(platform.database.url, { max: 4 });
    try {
      const tenantId = uuidv7();
      const stage = await openStage(pool, tenantId);
      await sqlFor(pool, { role: 'agent_app', tenantId }).run('SELECT 1 FROM agent.knowledge_base');
      const busy = await pool.connect();
      const ending = stage.end();
      const others = sqlFor(pool, { role: 'agent_app', tenantId: uuidv7() });
      // Whoever waited for a connection in vain would reject after five seconds.
      await Promise.all(Array.from({ length: 20 }, () => others.run('SELECT 1 FROM agent.knowledge_base')));
      busy.release();
      await ending;
      const all = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
      for (const client of all) client.release();
    } finally {
      await pool.end();
    }
  });
});
