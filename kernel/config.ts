import { z } from 'zod';

/** A setting that is missing, malformed or only half made. The message names the variable and is one line. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/**
 * Parses a service's environment once. Empty strings count as unset.
 * @throws ConfigError, one line that names every variable that is wrong
 */
export const readConfig = <T extends z.ZodType>(
  schema: T,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<T> => {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? 'environment');
    return `${name} ${given[name] === undefined ? 'is missing' : 'is not valid'}: ${issue.message}`;
  });
  throw new ConfigError(complaints.join('; '));
};

/** A whole number given as text, within bounds. */
export const integer = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'expected a whole number').transform(Number).pipe(z.number().min(min).max(max));
