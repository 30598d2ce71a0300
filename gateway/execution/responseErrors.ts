import type { GraphQLFormattedError } from 'graphql';
import type { ResponsePath } from '../errors.ts';

/** How many errors one answer carries at most: a sick subgraph under a long list must not make it explode. */
const most = 100;

/** The errors of one answer, as they come up. */
export class ResponseErrors {
  readonly #errors: GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[] = []) {
    this.#errors = [...errors];
  }

  get list(): readonly GraphQLFormattedError[] {
    return this.#errors;
  }

  add(error: GraphQLFormattedError): void {
    if (this.#errors.length < most) this.#errors.push(error);
  }

  /** A subgraph answered with a value its type does not allow. The value itself is never shown (D11). */
  addInvalid(path: ResponsePath): void {
    this.add({
      message: 'A subgraph answered with a value that does not fit its type.',
      path: [...path],
      extensions: { code: 'SUBGRAPH_INVALID_RESPONSE' },
    });
  }

  /** Null where the type forbids it: said once, and not where an error already explains it (spec §6.4.4). */
  addNullViolation(path: ResponsePath, place: string): void {
    if (this.#errors.some((error) => error.path !== undefined && onOneLine(error.path, path))) return;
    this.add({
      message: `Cannot return null for non-nullable field ${place}.`,
      path: [...path],
      extensions: { code: 'SUBGRAPH_INVALID_RESPONSE' },
    });
  }
}

/** Is one path the start of the other? `@` stands for any list item. */
const onOneLine = (left: ResponsePath, right: ResponsePath): boolean => {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [left[index], right[index]];
    if (a !== b && !(a === '@' && typeof b === 'number')) return false;
  }
  return true;
};
