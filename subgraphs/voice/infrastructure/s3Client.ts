import { ListObjectsV2Command, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { ConfigError } from '@parley/kernel/config';
import type { S3Settings } from '../config.ts';
import { BlobCorrupt, BlobStoreUnavailable } from './blobStore.ts';

/** How long S3 has: to connect, for one try (silence within a body too), and for a call with all its tries. */
export type S3Patience = { readonly connectMs: number; readonly tryMs: number; readonly callMs: number };
export const usualPatience: S3Patience = { connectMs: 1_500, tryMs: 3_000, callMs: 8_000 };

const tries = 3;
/** A large object may take longer: a line as slow as this is still waited for. */
const slowestBytesPerMs = 250;

/** A try that fails for a passing reason (5xx, 429, no answer) is made again, twice. */
export const createS3Client = (settings: S3Settings, { connectMs, tryMs }: S3Patience): S3Client =>
  new S3Client({
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    maxAttempts: tries,
    retryMode: 'standard',
    // We give our own checksum, and compare it ourselves.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: tryMs,
      throwOnRequestTimeout: true,
      socketTimeout: tryMs,
      httpAgent: { keepAlive: true, maxSockets: 64 },
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
  });

/** The bounds of one call, by the bytes it sends. */
export type Bounds = { readonly requestTimeout: number; readonly abortSignal: AbortSignal };
export const boundsOf = ({ tryMs, callMs }: S3Patience, bytes = 0): Bounds => {
  const more = Math.ceil(bytes / slowestBytesPerMs);
  return { requestTimeout: tryMs + more, abortSignal: AbortSignal.timeout(callMs + tries * more) };
};

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** There is no such object; that there is no such bucket is another matter. */
export const isAbsent = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket';

const damaged = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'InvalidDigest']);
/** What arrived at S3 was not what was sent. */
export const isDamaged = (error: unknown): boolean => damaged.has((error as Error).name);

/** @param what that was to be done, e.g. `store <key>` */
export const outage = (what: string, error: unknown): Error => {
  if (error instanceof BlobCorrupt) return error;
  const { name, message } = error as Error;
  const status = statusOf(error);
  return new BlobStoreUnavailable(`S3 could not ${what}: ${status ? `${status} ` : ''}${name}: ${message}`, error);
};

/** The setting that S3's refusal speaks of. */
const settingOf: Readonly<Record<string, string>> = {
  NoSuchBucket: 'S3_BUCKET names no bucket there',
  AccessDenied: 'S3_ACCESS_KEY_ID may not list S3_BUCKET',
  InvalidAccessKeyId: 'S3_ACCESS_KEY_ID is not known there',
  SignatureDoesNotMatch: 'S3_SECRET_ACCESS_KEY is not the secret of S3_ACCESS_KEY_ID',
  PermanentRedirect: 'S3_REGION is not where S3_BUCKET is',
  AuthorizationHeaderMalformed: 'S3_REGION is not where S3_BUCKET is',
};

/**
 * Looks whether the bucket can be used. A store that only does not answer now is no mistake of the settings.
 * @returns what is wrong for the moment, or null
 * @throws ConfigError, one line that names the variable
 */
export const checkBucket = async (settings: S3Settings): Promise<string | null> => {
  const { bucket: Bucket } = settings;
  const client = createS3Client(settings, usualPatience);
  try {
    await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }), boundsOf(usualPatience));
    return null;
  } catch (error) {
    const mistake = settingOf[(error as Error).name];
    if (mistake !== undefined) throw new ConfigError(mistake);
    const status = statusOf(error) ?? 500;
    // Names of their own for the same, e.g. for a key that is not known.
    if (status < 500 && status !== 408 && status !== 429)
      throw new ConfigError(`S3_BUCKET is refused to S3_ACCESS_KEY_ID: ${(error as Error).name}`);
    return outage(`list the bucket ${Bucket}`, error).message;
  } finally {
    client.destroy();
  }
};
