/** A document with the types of its answer and variables, as the code generator's client preset writes it (string mode). */
export type TypedDocument<Data, Variables> = {
  toString(): string;
  readonly __meta__?: { readonly hash?: string; readonly [name: string]: unknown } | undefined;
  readonly __apiType?: (variables: Variables) => Data;
};

/** By hash (`documentId`, what a persisted-only key may send) or by its text. */
export type DocumentMode = 'hash' | 'text';

/** What goes over the wire, in an HTTP body as in a `subscribe` message. */
export type OperationPayload = {
  readonly documentId?: string;
  readonly query?: string;
  readonly variables: Readonly<Record<string, unknown>>;
};

export const payloadOf = <Data, Variables extends object>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  mode: DocumentMode,
): OperationPayload => {
  const hash = mode === 'hash' ? document.__meta__?.hash : undefined;
  const given: Readonly<Record<string, unknown>> = { ...variables } as Record<string, unknown>;
  return hash === undefined ? { query: document.toString(), variables: given } : { documentId: hash, variables: given };
};

/** Whether an answer holds nothing but nulls: every root field is nullable, so `data` alone does not say. */
export const isEmpty = (data: unknown): boolean =>
  typeof data !== 'object' || data === null || Object.values(data).every((field) => field === null);
