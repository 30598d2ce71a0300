import { badInput } from './builder.ts';

/**
 * An opaque place in a stream: which stream, and the position of the last update seen. Not signed: it only names a
 * position in a stream the caller may read anyway, and one of another stream or beyond its end is refused.
 */
export const encodeCursor = (stream: string, position: number): string =>
  Buffer.from(`${stream}:${position}`).toString('base64url');

/** @throws GraphQLError BAD_USER_INPUT for a cursor that is malformed or of another stream */
export const decodeCursor = (stream: string, cursor: string): number => {
  const text = cursor.length > 200 ? '' : Buffer.from(cursor, 'base64url').toString();
  const at = text.lastIndexOf(':');
  const position = text.slice(at + 1);
  if (at < 0 || text.slice(0, at) !== stream || !/^\d{1,9}$/.test(position))
    throw badInput('after is not a cursor of this stream.');
  return Number(position);
};
