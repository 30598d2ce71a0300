import { setImmediate as nextTurn } from 'node:timers/promises';
import { serviceActor } from '@parley/kernel/actor';
import { GraphQLError } from 'graphql';
import type { Engine } from '../execution/engine.ts';

/** Meets every requirement. */
const entitled = serviceActor('warm-up', 'warm-up');

/**
 * Plans these documents for somebody entitled and for nobody, so that no caller waits for a first plan (M10). One that
 * does not fit the schema is left for its callers to be told about. Holds the event loop for one document at a time.
 */
export const warmUp = async (engine: Engine, texts: Iterable<string>): Promise<void> => {
  for (const text of texts) {
    const document = engine.documents.prepare(text);
    if (document instanceof GraphQLError) continue;
    for (const { name } of document.operations) {
      const operation = engine.find(document, name?.value);
      if (operation instanceof GraphQLError) continue;
      for (const actor of [entitled, null]) engine.compiledFor(operation, actor, {});
    }
    await nextTurn();
  }
};
