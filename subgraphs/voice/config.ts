import { ConfigError, integer, readConfig } from '@parley/kernel/config';
import { z } from 'zod';

/** Where audio lies when not in files: Amazon S3, or another that speaks its protocol. */
export type S3Settings = {
  readonly bucket: string;
  readonly region: string;
  /** Where we reach it; null: Amazon's own, of the region. */
  readonly endpoint: string | null;
  /** Where browsers reach it: links begin with it. Null: where we do. */
  readonly publicEndpoint: string | null;
  /** `endpoint/bucket/key`, not `bucket.endpoint/key` */
  readonly forcePathStyle: boolean;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};
export type VoiceConfig = {
  readonly speechProcesses: number;
  readonly linkMs: number;
  /** null: audio lies in files of the data folder */
  readonly s3: S3Settings | null;
};
type Environment = Readonly<Record<string, string | undefined>>;

const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
const environmentShape = z.object({
  /** Processes that speak; one speaks some 300 times faster than real time. */
  SPEECH_PROCESSES: integer(1, 16).default(1),
  /** How long a link to audio is good for. */
  AUDIO_LINK_SECONDS: integer(10, 3_600).default(300),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket')
    .optional(),
  S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'expected a region, e.g. eu-central-1')
    .optional(),
  S3_ENDPOINT: url.optional(),
  S3_PUBLIC_ENDPOINT: url.optional(),
  S3_FORCE_PATH_STYLE: z.enum(['true', 'false']).optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
});
type Given = z.output<typeof environmentShape>;

const needsBucket = [
  'S3_REGION',
  'S3_ENDPOINT',
  'S3_PUBLIC_ENDPOINT',
  'S3_FORCE_PATH_STYLE',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
] as const;

const missing = (name: string, because: string) =>
  new ConfigError(`${name} is missing: ${because} is set and is of no use without it`);

/** The bucket and how it is addressed, which is no secret. @throws ConfigError */
const placeOf = (given: Given): Omit<S3Settings, 'accessKeyId' | 'secretAccessKey'> | null => {
  if (given.S3_BUCKET === undefined) {
    const alone = needsBucket.find((name) => given[name] !== undefined);
    if (alone !== undefined) throw missing('S3_BUCKET', alone);
    return null;
  }
  // Of those with an address of their own, most have one region and call it so.
  const region = given.S3_REGION ?? (given.S3_ENDPOINT === undefined ? undefined : 'us-east-1');
  if (region === undefined) throw missing('S3_REGION', 'S3_BUCKET without S3_ENDPOINT');
  return {
    bucket: given.S3_BUCKET,
    region,
    endpoint: given.S3_ENDPOINT ?? null,
    publicEndpoint: given.S3_PUBLIC_ENDPOINT ?? null,
    forcePathStyle: (given.S3_FORCE_PATH_STYLE ?? String(given.S3_ENDPOINT !== undefined)) === 'true',
  };
};

const s3Of = (given: Given): S3Settings | null => {
  const place = placeOf(given);
  if (place === null) return null;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = given;
  if (accessKeyId === undefined) throw missing('S3_ACCESS_KEY_ID', 'S3_BUCKET');
  if (secretAccessKey === undefined) throw missing('S3_SECRET_ACCESS_KEY', 'S3_BUCKET');
  return { ...place, accessKeyId, secretAccessKey };
};

/** Voice's settings. @throws ConfigError */
export const voiceConfig = (environment: Environment = process.env): VoiceConfig => {
  const given = readConfig(environmentShape, environment);
  return {
    speechProcesses: given.SPEECH_PROCESSES,
    linkMs: given.AUDIO_LINK_SECONDS * 1_000,
    s3: s3Of(given),
  };
};

/** `https://host/path` that objects are named below, as a browser or (`us`) we reach it. */
export const bucketUrl = (
  place: Pick<S3Settings, 'bucket' | 'region' | 'endpoint' | 'publicEndpoint' | 'forcePathStyle'>,
): URL => {
  const base = new URL(place.publicEndpoint ?? place.endpoint ?? `https://s3.${place.region}.amazonaws.com`);
  if (place.forcePathStyle) base.pathname = `${base.pathname.replace(/\/$/, '')}/${place.bucket}`;
  else base.hostname = `${place.bucket}.${base.hostname}`;
  return base;
};

/** The origin that pages load audio from besides ours; null: none. Whoever only serves pages needs no keys. @throws ConfigError */
export const audioOrigin = (environment: Environment): string | null => {
  const place = placeOf(readConfig(environmentShape, environment));
  return place === null ? null : bucketUrl(place).origin;
};
