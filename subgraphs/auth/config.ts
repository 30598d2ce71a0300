import { integer, readConfig } from '@parley/kernel/config';
import { z } from 'zod';

/** How passwords are hashed: OWASP's least by default; sign-ins renew hashes made at another cost. */
const schema = z.object({
  PASSWORD_MEMORY_KIB: integer(19_456, 1_048_576).default(19_456),
  PASSWORD_PASSES: integer(2, 20).default(2),
  /** how many at once; each takes a core and PASSWORD_MEMORY_KIB while it runs */
  PASSWORD_CONCURRENCY: integer(1, 64).default(2),
});

export type AuthConfig = {
  readonly passwordCost: { memoryKib: number; passes: number };
  readonly passwordConcurrency: number;
};

/** @throws ConfigError */
export const readAuthConfig = (environment: Readonly<Record<string, string | undefined>> = process.env): AuthConfig => {
  const { PASSWORD_MEMORY_KIB, PASSWORD_PASSES, PASSWORD_CONCURRENCY } = readConfig(schema, environment);
  return {
    passwordCost: { memoryKib: PASSWORD_MEMORY_KIB, passes: PASSWORD_PASSES },
    passwordConcurrency: PASSWORD_CONCURRENCY,
  };
};
