import { columnOf } from '@parley/kernel/jsonRow';
import { type Parameters, parameters } from '@parley/kernel/parameters';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import type { LogEntry, Recording } from './record.ts';
import { leaseMs } from './replies.ts';

/** What the statement answers, where the conversation was as it was known. */
export type RecordedRow = { updatePosition: number; changePosition: number };
export type StoredEvent = { readonly id: string; readonly type: string; readonly data: string };

/**
 * Rows, live log, change log and events in one statement, made of the parts a command needs: one trip, whatever it
 * does. Everything hangs on the first part, which finds the conversation only as the decision was made on it.
 */
export const recordStatement = (
  known: Conversation,
  { newTurn, changedTurn, conversation = {}, claimFor, change }: Recording,
  log: readonly LogEntry[],
  events: readonly StoredEvent[],
  by: { actor: string; now: Date },
): { text: string; values: readonly unknown[] } => {
  const given = parameters(known.id, known.turnCount, known.updatePosition, known.changePosition, known.leaseOwner);
  const changes = [
    ...assignments(conversation, given),
    ...(log.length > 0 ? [`update_position = update_position + ${log.length}`] : []),
    ...(change === undefined ? [] : ['change_position = change_position + 1']),
    ...(claimFor === undefined
      ? []
      : [`lease_owner = ${given.add(claimFor)}::uuid, lease_until = now() + ${leaseMs} * interval '1 millisecond'`]),
  ];
  const parts = [
    `conversation AS (
      UPDATE sales.conversation SET ${changes.length > 0 ? changes.join(', ') : 'id = id'}
      WHERE tenant_id = platform.tenant_id() AND id = $1::uuid AND turn_count = $2 AND update_position = $3
        AND change_position = $4 AND lease_owner IS NOT DISTINCT FROM $5::uuid
      RETURNING *)`,
  ];
  if (newTurn !== undefined) parts.push(newTurnPart(newTurn, given));
  if (changedTurn !== undefined) parts.push(changedTurnPart(changedTurn, given));
  if (log.length > 0) parts.push(logPart(log, given));
  if (change !== undefined)
    parts.push(`change_log AS (
      INSERT INTO sales.conversation_change (tenant_id, conversation_id, position, status, phase, outcome)
      SELECT tenant_id, id, change_position, status, phase, outcome FROM conversation)`);
  if (events.length > 0) parts.push(eventsPart(events, by, given));
  return {
    text: `WITH ${parts.join(',\n')}
      SELECT update_position AS "updatePosition", change_position AS "changePosition" FROM conversation`,
    values: given.values,
  };
};

const assignments = (changes: object, given: Parameters): string[] =>
  Object.entries(changes).map(([field, value]) => `${columnOf(field)} = ${given.add(value)}`);

const newTurnPart = ({ tenantId: _, ...turn }: Turn, given: Parameters): string => {
  // What is left out is null, or false.
  const set = Object.entries(turn).filter(([, value]) => value !== null && value !== false);
  return `new_turn AS (
    INSERT INTO sales.turn (tenant_id, ${set.map(([field]) => columnOf(field)).join(', ')})
    SELECT tenant_id, ${set.map(([, value]) => given.add(value)).join(', ')} FROM conversation)`;
};

const changedTurnPart = ({ id, ...changes }: Partial<Turn> & { readonly id: string }, given: Parameters): string =>
  `changed_turn AS (
    UPDATE sales.turn t SET ${assignments(changes, given).join(', ')} FROM conversation
    WHERE t.tenant_id = platform.tenant_id() AND t.id = ${given.add(id)}::uuid)`;

const logPart = (log: readonly LogEntry[], given: Parameters): string => {
  const rows = log.map(
    ({ turn, kind, textDelta }, index) =>
      `(${index + 1 - log.length}, ${given.add(turn.id)}::uuid, '${kind}'::sales."TurnUpdateKind", ${given.add(textDelta)}::text, ${given.add(turn.text.length)}::int)`,
  );
  return `live_log AS (
    INSERT INTO sales.turn_update (tenant_id, conversation_id, position, turn_id, kind, text_delta, text_end)
    SELECT c.tenant_id, c.id, c.update_position + u.place, u.turn_id, u.kind, u.text_delta, u.text_end
    FROM conversation c, (VALUES ${rows.join(', ')}) AS u(place, turn_id, kind, text_delta, text_end))`;
};

const eventsPart = (
  events: readonly StoredEvent[],
  { actor, now }: { actor: string; now: Date },
  given: Parameters,
): string => {
  const rows = events.map(
    ({ id, type, data }, index) =>
      `(${index + 1}, ${given.add(id)}::uuid, ${given.add(type)}::text, ${given.add(data)}::jsonb)`,
  );
  return `events AS (
    INSERT INTO sales.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
    SELECT c.tenant_id, e.id, c.id,
      coalesce((SELECT max(version) FROM sales.event x WHERE x.tenant_id = c.tenant_id AND x.aggregate_id = c.id), 0) + e.place,
      e.type, 1, e.data, ${given.add(actor)}::jsonb, ${given.add(now)}::timestamptz
    FROM conversation c, (VALUES ${rows.join(', ')}) AS e(place, id, type, data))`;
};
