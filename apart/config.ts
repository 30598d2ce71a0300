import type { TokenIssuer } from '@parley/gateway/access/issuedTokens';
import type { CallSecrets } from '@parley/kernel/callProof';
import { ConfigError, integer, readConfig } from '@parley/kernel/config';
import type { ListenAddress } from '@parley/kernel/serveSubgraph';
import { parseSubgraphAddress, parseSubgraphAddresses } from '@parley/kernel/subgraphAddress';
import { z } from 'zod';
import type { Asked } from '../arguments.ts';
import type { PlatformConfig } from '../config.ts';
import { type ServiceName, type SubgraphName, services } from './services.ts';

const parsedBy = (parse: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });
const address = parsedBy(parseSubgraphAddress);
/** Where a subgraph is called; of several replicas each, separated by commas. */
const addresses = parsedBy(parseSubgraphAddresses);
const secret = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 32, 'expected at least 32 bytes, e.g. from: openssl rand -base64 32');

const schema = z.object({
  SUBGRAPH_AUTH_URL: addresses.optional(),
  SUBGRAPH_VOICE_URL: addresses.optional(),
  SUBGRAPH_SALES_URL: addresses.optional(),
  SUBGRAPH_ANALYTICS_URL: addresses.optional(),
  SUBGRAPH_AGENT_URL: addresses.optional(),
  SUBGRAPH_SECRET: secret.optional(),
  SUBGRAPH_SECRET_ACCEPTED: secret.optional(),
  SUBGRAPH_LISTEN: address.optional(),
  SUBGRAPH_UNREADY_MS: integer(0, 60_000).optional(),
  NODE_ENV: z.string().optional(),
  SUPERGRAPH: z.string().optional(),
  GATEWAY_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  GATEWAY_JWT_ISSUER: z.string().optional(),
  GATEWAY_JWT_AUDIENCE: z.string().optional(),
  GATEWAY_POLICIES_CLAIM: z.string().optional(),
  GATEWAY_TRUSTED_DOCUMENTS: z.string().optional(),
});

/** What one service running by itself is told: where the others are, and what calls between them are signed with. */
export type ApartConfig = {
  /** Of the services this one calls or tells of its events. */
  readonly urls: ReadonlyMap<SubgraphName, string>;
  readonly secrets: CallSecrets;
  /** Null for the gateway, which listens at HOST and PORT. */
  readonly listen: ListenAddress | null;
  /** How long it goes on as before when it is told to stop, while readiness already says no. */
  readonly unreadyMs: number;
};

/**
 * @param routes where subgraphs are that the environment does not name; in production it names them
 * @throws ConfigError, one line that names what is missing for this service
 */
export const apartConfig = (
  service: ServiceName,
  platform: PlatformConfig,
  environment: Readonly<Record<string, string | undefined>>,
  routes: ReadonlyMap<string, string>,
): ApartConfig => {
  const given = readConfig(schema, environment);
  const { calls, tells, needs } = services[service];
  const urlOf = (name: SubgraphName) =>
    given[`SUBGRAPH_${name.toUpperCase() as Uppercase<SubgraphName>}_URL`] ??
    (environment['NODE_ENV'] === 'production' ? undefined : routes.get(name));
  const wanted = new Set([...calls, ...(platform.kafka === null ? tells : [])]);
  for (const name of wanted)
    if (urlOf(name) === undefined)
      throw new ConfigError(
        `SUBGRAPH_${name.toUpperCase()}_URL is missing: ${service} ${calls.includes(name) ? 'calls' : 'sends its events to'} ${name}, at http://host:port or unix:/path`,
      );
  if (given.SUBGRAPH_SECRET === undefined)
    throw new ConfigError(
      'SUBGRAPH_SECRET is missing: services that run apart sign their calls, with at least 32 bytes that all of them know',
    );
  if (needs.includes('database') && platform.database === null)
    throw new ConfigError(`DATABASE_URL is missing: services that run apart share a PostgreSQL server`);
  if (needs.includes('publicUrl') && platform.publicUrl === null)
    throw new ConfigError('PUBLIC_URL is missing: links to audio begin with it, and lead to the gateway');
  return {
    urls: new Map([...wanted].map((name) => [name, urlOf(name) as string])),
    secrets: { signs: given.SUBGRAPH_SECRET, accepts: given.SUBGRAPH_SECRET_ACCEPTED ?? null },
    unreadyMs: given.SUBGRAPH_UNREADY_MS ?? (given.NODE_ENV === 'production' ? 2000 : 0),
    listen: service === 'gateway' ? null : listenOf(service, given.SUBGRAPH_LISTEN ?? urlOf(service), platform),
  };
};

/** The file of a supergraph that is not ours: from the arguments, or SUPERGRAPH; null for neither. @throws ConfigError */
export const supergraphFile = (
  { service, supergraphFile: given }: Asked,
  environment: Readonly<Record<string, string | undefined>>,
): string | null => {
  const file = given ?? readConfig(schema, environment).SUPERGRAPH ?? null;
  if (file !== null && service !== 'gateway')
    throw new ConfigError('SUPERGRAPH is set, and only a gateway by itself serves one: npm start -- gateway');
  return file;
};

/** Whose tokens say who calls a supergraph that is not ours; null: nobody's. All three are given or none. @throws ConfigError */
export const tokenIssuer = (environment: Readonly<Record<string, string | undefined>>): TokenIssuer | null => {
  const given = readConfig(schema, environment);
  const {
    GATEWAY_JWKS_URL: jwksUrl,
    GATEWAY_JWT_ISSUER: issuer,
    GATEWAY_JWT_AUDIENCE: audience,
    GATEWAY_POLICIES_CLAIM: policiesClaim,
  } = given;
  if (jwksUrl !== undefined && issuer !== undefined && audience !== undefined)
    return { jwksUrl, issuer, audience, policiesClaim: policiesClaim ?? 'policies' };
  const names = ['GATEWAY_JWKS_URL', 'GATEWAY_JWT_ISSUER', 'GATEWAY_JWT_AUDIENCE'] as const;
  const present = [...names, 'GATEWAY_POLICIES_CLAIM' as const].find((name) => given[name] !== undefined);
  const missing = names.find((name) => given[name] === undefined);
  if (present !== undefined)
    throw new ConfigError(`${missing} is missing: ${present} is set and is of no use without it`);
  return null;
};

/** The manifest of documents any caller of a supergraph that is not ours may name; null: there is none. */
export const trustedDocumentsFile = (environment: Readonly<Record<string, string | undefined>>): string | null =>
  readConfig(schema, environment).GATEWAY_TRUSTED_DOCUMENTS ?? null;

/** Where a supergraph's subgraph is called: SUBGRAPH_<NAME>_URL, or what the supergraph says. @throws ConfigError */
export const subgraphUrl = (
  { name, url }: { readonly name: string; readonly url: string },
  environment: Readonly<Record<string, string | undefined>>,
): string => {
  const variable = `SUBGRAPH_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_URL`;
  const given = environment[variable]?.trim() || url;
  if (given === '') throw new ConfigError(`${variable} is missing: the supergraph does not say where ${name} is`);
  const checked = addresses.safeParse(given);
  if (!checked.success) throw new ConfigError(`${variable} is not valid: ${checked.error.issues[0]?.message}`);
  return given;
};

/** Where it is told to listen, or else where the others are told to call it: at that socket, or that port of HOST. */
const listenOf = (service: SubgraphName, url: string | undefined, { host }: PlatformConfig): ListenAddress => {
  if (url === undefined)
    throw new ConfigError(
      `SUBGRAPH_${service.toUpperCase()}_URL is missing: it says where ${service} listens (or set SUBGRAPH_LISTEN)`,
    );
  const [first, ...more] = parseSubgraphAddresses(url);
  if (first === undefined || more.length > 0)
    throw new ConfigError(
      `SUBGRAPH_LISTEN is missing: SUBGRAPH_${service.toUpperCase()}_URL names several replicas, and it says which this one is`,
    );
  const { origin, socketPath } = first;
  if (socketPath !== null) return { socketPath };
  const { port, protocol } = new URL(origin);
  return { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
};
