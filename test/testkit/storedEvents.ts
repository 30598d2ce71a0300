import { randomUUID } from 'node:crypto';
import type { StoredEvent } from '@parley/kernel/event';

/** An event of one conversation, as it is stored and delivered. */
export const storedEvent = (
  tenantId: string,
  aggregateId: string,
  version: number,
  given: Partial<StoredEvent> = {},
): StoredEvent => ({
  id: randomUUID(),
  type: 'sales.Happened',
  data: { version },
  tenantId,
  aggregateId,
  version,
  schemaVersion: 1,
  occurredAt: new Date().toISOString(),
  actor: { kind: 'SERVICE', id: 'test' },
  ...given,
});
