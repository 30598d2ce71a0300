import { badInput, checkPage } from '@parley/kernel/builder';
import { pageOfEither } from '@parley/kernel/costDirectives';
import { decodeCursor, encodeCursor } from '@parley/kernel/cursor';
import { builder } from './builder.ts';
import { Conversation } from './conversation.ts';
import { Turn } from './turn.ts';

const defaultPage = 20;
const TurnConnection = builder.connectionObject({ type: Turn, name: 'TurnConnection' }, { name: 'TurnEdge' });

/** A turn's cursor is its sequence in its conversation; another conversation's is refused. */
builder.objectField(Conversation, 'turns', (t) =>
  t.field({
    type: TurnConnection,
    description: 'Oldest first; `last` and `before` page back from the end.',
    directives: pageOfEither(defaultPage),
    args: { first: t.arg.int(), after: t.arg.string(), last: t.arg.int(), before: t.arg.string() },
    resolve: async ({ id, tenantId }, args, { db }) => {
      checkPage(args);
      if ((args.last != null && args.after != null) || (args.first != null && args.before != null)) {
        throw badInput('Page forwards with first and after, or backwards with last and before.');
      }
      const stream = `turn:${id}`;
      const after = args.after == null ? 0 : decodeCursor(stream, args.after);
      const before = args.before == null ? null : decodeCursor(stream, args.before);
      const backwards = args.last != null || before !== null;
      const size = args.first ?? args.last ?? defaultPage;
      const rows = await db.turn.findMany({
        where: { tenantId, conversationId: id, sequence: { gt: after, ...(before === null ? {} : { lt: before }) } },
        orderBy: { sequence: backwards ? 'desc' : 'asc' },
        take: size + 1,
      });
      const more = rows.length > size;
      const page = rows.slice(0, size);
      if (backwards) page.reverse();
      const edges = page.map((node) => ({ cursor: encodeCursor(stream, node.sequence), node }));
      return {
        edges,
        pageInfo: {
          hasNextPage: backwards ? before !== null : more,
          hasPreviousPage: backwards ? more : after > 0,
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
      };
    },
  }),
);
