import type { Log } from '@parley/kernel/log';
import type { PubSub } from '@parley/kernel/pubsub';
import type { AnalyticsDatabase } from '../infrastructure/database.ts';

/** What the reactions of analytics work with; made once in server.ts. */
export type Analytics = {
  readonly database: AnalyticsDatabase;
  readonly pubsub: PubSub;
  readonly log: Log;
  readonly clock: () => Date;
};
