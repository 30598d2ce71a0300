import { isUnauthenticated, unauthenticated } from './errors.ts';

/** What a signed-in person's client keeps. A refresh token is good for one use. */
export type Tokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Epoch milliseconds by this machine's clock. */
  readonly expiresAt: number;
};
/** As signUp, signIn and refreshSession answer; `expiresIn` in seconds. */
export type IssuedTokens = { readonly accessToken: string; readonly refreshToken: string; readonly expiresIn: number };

/** Where the bearer token of each request comes from. */
export type Credentials = {
  /** A token that is good now; null for none. `rejected`: the server has just refused this one. */
  bearer(rejected?: string): Promise<string | null>;
  /** From when on, in epoch milliseconds, this token is replaced by its next; null where that is not known. */
  renewableAt(token: string): number | null;
};

export type Session = Credentials & {
  tokens(): Tokens | null;
  adopt(issued: IssuedTokens): void;
  end(): void;
};

export type SessionOptions = {
  readonly tokens: Tokens | null;
  /** Trades a refresh token; null when it is no longer accepted. */
  readonly refresh: (refreshToken: string) => Promise<IssuedTokens | null>;
  readonly onTokens: (tokens: Tokens | null) => void;
  readonly now?: () => number;
};

const renewBeforeMs = 60_000;

/** Renews the access token before it expires, once however many requests wait for it. */
export const createSession = (options: SessionOptions): Session => {
  const { refresh, onTokens, now = Date.now } = options;
  let tokens = options.tokens;
  let renewal: Promise<void> | null = null;

  const keep = (next: Tokens | null): void => {
    tokens = next;
    onTokens(next);
  };
  const adopt = ({ accessToken, refreshToken, expiresIn }: IssuedTokens): void =>
    keep({ accessToken, refreshToken, expiresAt: now() + expiresIn * 1000 });

  const renew = async (spent: Tokens): Promise<void> => {
    const issued = await refresh(spent.refreshToken);
    // Signed out, or in as somebody else, while the answer was on its way.
    if (tokens !== spent) return;
    if (issued === null) keep(null);
    else adopt(issued);
  };

  return {
    tokens: () => tokens,
    adopt,
    end: () => keep(null),
    renewableAt: (token) => (tokens?.accessToken === token ? tokens.expiresAt - renewBeforeMs : null),
    bearer: async (rejected) => {
      if (tokens === null) return null;
      const left = tokens.expiresAt - now();
      const isRejected = tokens.accessToken === rejected;
      if (left > renewBeforeMs && !isRejected) return tokens.accessToken;
      renewal ??= renew(tokens).finally(() => {
        renewal = null;
      });
      try {
        await renewal;
      } catch (error) {
        if (isUnauthenticated(error)) keep(null);
        // The old one still works for a while: let the request have it, the next one tries again.
        else if (left <= 0 || isRejected) throw error;
      }
      if (tokens === null) throw unauthenticated('The session has ended. Sign in again.');
      return tokens.accessToken;
    },
  };
};
