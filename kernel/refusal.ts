export const refusalCodes = [
  'NOT_FOUND',
  'FORBIDDEN',
  'INVALID_INPUT',
  'CONFLICT',
  'RATE_LIMITED',
  'EMAIL_TAKEN',
  'INVALID_CREDENTIALS',
  'TOTP_REQUIRED',
  'CONVERSATION_ENDED',
  'TURN_NOT_INTERRUPTIBLE',
  'CONSENT_REQUIRED',
  'DO_NOT_CALL',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];
/** One wrong input field: `path` from the input object down, e.g. `['personality', 'warmth']`. */
export type RefusalIssue = { readonly path: readonly string[]; readonly message: string };

/**
 * A rule of the business said no. Thrown by a decision, answered as data; never a bug or an outage. It is no Error on
 * purpose: graphql-js takes a returned Error for a thrown one.
 */
export class Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly issues: readonly RefusalIssue[];
  readonly retryAfterMs: number | null;

  constructor(
    code: RefusalCode,
    message: string,
    details: { issues?: readonly RefusalIssue[]; retryAfterMs?: number } = {},
  ) {
    this.code = code;
    this.message = message;
    this.issues = details.issues ?? [];
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** Runs a command; a Refusal comes back as a value (a member of the mutation's result union), all else is thrown on. */
export const refusalAsValue = async <T>(command: () => Promise<T>): Promise<T | Refusal> => {
  try {
    return await command();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
};
