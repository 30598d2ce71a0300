import { badInput, checkPage } from './builder.ts';
import { isUuid } from './database.ts';

export type PageArgs = { first: number; after?: string | null | undefined };
type Page<Row> = {
  edges: { cursor: string; node: Row }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
};

const encode = (id: string): string => Buffer.from(id).toString('base64url');
const decode = (cursor: string): string => {
  const id = cursor.length > 100 ? '' : Buffer.from(cursor, 'base64url').toString();
  if (!isUuid(id)) throw badInput('after is not a cursor of this list.');
  return id;
};

/**
 * One page of a Relay connection, newest first. Ids grow with time, so a page is what lies below an id: adding or
 * removing rows never repeats or skips one, and a cursor whose row is gone still works.
 * @param list the rows whose ids match, newest first
 * @throws GraphQLError BAD_USER_INPUT for a page size or a cursor that makes no sense
 */
export const pageOf = async <Row extends { id: string }>(
  args: PageArgs,
  list: (window: { where: { id?: { lt: string } }; orderBy: { id: 'desc' }; take: number }) => Promise<readonly Row[]>,
): Promise<Page<Row>> => {
  checkPage(args);
  const after = args.after == null ? null : decode(args.after);
  const rows = await list({
    where: after === null ? {} : { id: { lt: after } },
    orderBy: { id: 'desc' },
    take: args.first + 1,
  });
  const edges = rows.slice(0, args.first).map((node) => ({ cursor: encode(node.id), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > args.first,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
};
