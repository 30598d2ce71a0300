import { GraphqlFailure, NetworkFailure, type RefusalFieldsFragment } from '@parley/client';

/** Something that did not work, as the person at the page needs to hear it. */
export type Problem = {
  readonly title: string;
  /** What to do next. */
  readonly advice: string;
  /** Messages by the input field they belong to, e.g. `password`, `personality.warmth`. */
  readonly fields: Readonly<Record<string, string>>;
  /** What to quote to support. */
  readonly errorId: string | null;
  readonly code: string;
};

type Refused = { readonly __typename: 'Refusal' } & RefusalFieldsFragment;

const advice: Readonly<Record<string, string>> = {
  INVALID_INPUT: 'Correct the marked fields and try again.',
  EMAIL_TAKEN: 'Sign in with it instead, or use another address.',
  INVALID_CREDENTIALS: 'Check the email address and the password.',
  TOTP_REQUIRED: 'Enter the six digits your authenticator app shows.',
  CONFLICT: 'Somebody changed it at the same time. Reload and try again.',
  CONVERSATION_ENDED: 'Start a new conversation to go on.',
  TURN_NOT_INTERRUPTIBLE: 'The agent had already finished; nothing was lost.',
  CONSENT_REQUIRED: 'Ask for consent first, then start the conversation.',
  DO_NOT_CALL: 'This person asked not to be called. Choose another contact.',
  NOT_FOUND: 'It may have been removed. Go back and choose another.',
  FORBIDDEN: 'It is not possible in its present state.',
  UNAUTHENTICATED: 'Sign in again to go on.',
  UNAUTHORIZED_FIELD_OR_TYPE: 'Your role does not include this. Ask an owner of your organization.',
  SUBGRAPH_UNAVAILABLE: 'One of our services is restarting. Try again in a moment.',
};

export const problemOfRefusal = (refusal: Refused): Problem => ({
  title: refusal.message,
  advice: refusal.code === 'RATE_LIMITED' ? waitAdvice(refusal.retryAfterMs) : (advice[refusal.code] ?? ''),
  fields: Object.fromEntries((refusal.issues ?? []).map(({ path, message }) => [fieldOf(path), message])),
  errorId: null,
  code: refusal.code,
});

export const problemOfError = (error: unknown): Problem => {
  const base = { fields: {}, errorId: null, code: 'UNKNOWN' };
  if (error instanceof NetworkFailure)
    return { ...base, title: error.message, advice: 'Check your connection and try again.', code: error.code };
  if (!(error instanceof GraphqlFailure))
    return { ...base, title: 'Something went wrong in this page.', advice: 'Reload it and try again.' };
  return {
    ...base,
    title: error.message,
    advice:
      error.retryAfterMs === null ? (advice[error.code] ?? 'Try again in a moment.') : waitAdvice(error.retryAfterMs),
    errorId: error.errorId,
    code: error.code,
  };
};

/** A mutation's success, or its Refusal thrown as the Problem it is. @throws Refusal as ProblemError */
export const accepted = <Result extends { readonly __typename: string }>(
  result: Result | null,
): Exclude<Result, { readonly __typename: 'Refusal' }> => {
  if (result === null)
    throw new GraphqlFailure([
      { message: 'The service gave no answer.', extensions: { code: 'SUBGRAPH_UNAVAILABLE' } },
    ]);
  if (isRefused(result)) throw new RefusedError(problemOfRefusal(result));
  return result as Exclude<Result, { readonly __typename: 'Refusal' }>;
};

/** Carries a Refusal out of a sequence of steps. */
export class RefusedError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

export const problemOf = (error: unknown): Problem =>
  error instanceof RefusedError ? error.problem : problemOfError(error);

const isRefused = (result: { readonly __typename: string }): result is Refused => result.__typename === 'Refusal';

const fieldOf = (path: readonly string[]): string => (path[0] === 'input' ? path.slice(1) : path).join('.');

const waitAdvice = (ms: number | null): string => {
  const seconds = Math.max(1, Math.ceil((ms ?? 1000) / 1000));
  return `Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}, then try again.`;
};
