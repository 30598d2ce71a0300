import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import { bucketUrl, type S3Settings } from '../config.ts';
import { BlobCorrupt, type BlobInfo, type BlobStore, BlobStoreUnavailable, isBlobKey, prefixOf } from './blobStore.ts';
import { checkedBytes } from './checkedBytes.ts';
import {
  type Bounds,
  boundsOf,
  createS3Client,
  isAbsent,
  isDamaged,
  outage,
  type S3Patience,
  usualPatience,
} from './s3Client.ts';

type Facts = Pick<HeadObjectCommandOutput, 'Metadata' | 'ChecksumSHA256' | 'ContentType'>;

const infoOf = (key: string, size: number, { Metadata, ChecksumSHA256, ContentType }: Facts): BlobInfo => {
  // Ours is on every store, for a range too; S3's own only where it knows of it, and for the whole object.
  const checksum = Metadata?.['sha256'] ?? Buffer.from(ChecksumSHA256 ?? '', 'base64').toString('hex');
  if (!/^[0-9a-f]{64}$/.test(checksum) || ContentType === undefined) throw new BlobCorrupt(key);
  return { size, contentType: ContentType, checksum };
};

/** A body that ends too early or falls silent is an outage like any other. */
async function* told(body: Readable, key: string): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw outage(`deliver ${key}`, error);
  }
}

/**
 * Objects in a bucket of S3, or of a store that speaks its protocol. An upload carries its SHA-256, which the server
 * compares: it is whole or not there.
 */
export const s3BlobStore = (settings: S3Settings, patience: S3Patience = usualPatience): BlobStore => {
  const { bucket: Bucket } = settings;
  const client = createS3Client(settings, patience);
  const presigner = new S3RequestPresigner({ ...client.config });
  const base = bucketUrl(settings);
  const named = (key: string): { Bucket: string; Key: string } => {
    if (!isBlobKey(key)) throw new Error('not an object key');
    return { Bucket, Key: key };
  };
  const ask = async <T>(what: string, call: (bounds: Bounds) => Promise<T>): Promise<T> => {
    try {
      return await call(boundsOf(patience));
    } catch (error) {
      throw outage(what, error);
    }
  };
  const askFor = async <T>(what: string, call: (bounds: Bounds) => Promise<T>): Promise<T | null> =>
    ask(what, (bounds) =>
      call(bounds).catch((error: unknown) => {
        if (isAbsent(error)) return null;
        throw error;
      }),
    );

  const put = async (key: string, bytes: Uint8Array, contentType: string): Promise<BlobInfo> => {
    const digest = createHash('sha256').update(bytes).digest();
    const checksum = digest.toString('hex');
    const request = {
      ...named(key),
      Body: bytes,
      ContentType: contentType,
      ChecksumSHA256: digest.toString('base64'),
      Metadata: { sha256: checksum },
    };
    const send = async (): Promise<void> => {
      const { ChecksumSHA256: stored } = await client.send(
        new PutObjectCommand(request),
        boundsOf(patience, bytes.length),
      );
      if (stored !== undefined && stored !== request.ChecksumSHA256) throw new BlobCorrupt(key);
    };
    await ask(`store ${key}`, () =>
      send().catch((error: unknown) => (isDamaged(error) ? send() : Promise.reject(error))),
    );
    return { size: bytes.length, contentType, checksum };
  };

  /** A listing, a page at a time. */
  const pagesOf = async function* (
    what: Pick<ListObjectsV2CommandInput, 'Prefix' | 'Delimiter'>,
  ): AsyncGenerator<ListObjectsV2CommandOutput> {
    let ContinuationToken: string | undefined;
    do {
      const request: ListObjectsV2Command = new ListObjectsV2Command({ Bucket, ...what, ContinuationToken });
      const page: ListObjectsV2CommandOutput = await ask(`list ${what.Prefix ?? Bucket}`, (bounds) =>
        client.send(request, bounds),
      );
      yield page;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  };

  return {
    put: (key, bytes, { contentType }) => put(key, bytes, contentType),
    async info(key) {
      const request = new HeadObjectCommand({ ...named(key), ChecksumMode: 'ENABLED' });
      const head = await askFor(`look up ${key}`, (bounds) => client.send(request, bounds));
      return head && infoOf(key, head.ContentLength ?? 0, head);
    },
    async get(key, range) {
      const part = range ? { Range: `bytes=${range.start}-${range.end}` } : {};
      const request = new GetObjectCommand({ ...named(key), ChecksumMode: 'ENABLED', ...part });
      const found = await askFor(`read ${key}`, (bounds) => client.send(request, bounds));
      if (found === null) return null;
      const source = found.Body as Readable;
      try {
        const size = Number(found.ContentRange?.split('/')[1] ?? found.ContentLength);
        const info = infoOf(key, size, found);
        const body = Readable.from(told(source, key), { objectMode: false });
        if (range) return { ...info, body };
        const checked = checkedBytes(key, info.checksum);
        pipeline(body, checked, () => {});
        return { ...info, body: checked };
      } catch (error) {
        source.destroy();
        throw error;
      }
    },
    async delete(key) {
      await ask(`delete ${key}`, (bounds) => client.send(new DeleteObjectCommand(named(key)), bounds));
    },
    async deleteAll(tenantId) {
      const what = `delete the objects of ${tenantId}`;
      for await (const { Contents = [] } of pagesOf({ Prefix: prefixOf(tenantId) })) {
        if (Contents.length === 0) continue;
        const Delete = { Objects: Contents.map(({ Key }) => ({ Key })), Quiet: true };
        const { Errors: [first] = [] } = await ask(what, (bounds) =>
          client.send(new DeleteObjectsCommand({ Bucket, Delete }), bounds),
        );
        if (first) throw new BlobStoreUnavailable(`S3 could not ${what}: ${first.Code} for ${first.Key}`);
      }
    },
    async *list(tenantId) {
      for await (const { Contents = [] } of pagesOf({ Prefix: prefixOf(tenantId) }))
        for (const { Key = '', Size = 0, LastModified = new Date() } of Contents)
          yield { key: Key, size: Size, modifiedAt: LastModified };
    },
    async *tenants() {
      for await (const { CommonPrefixes = [] } of pagesOf({ Delimiter: '/' }))
        for (const { Prefix = '' } of CommonPrefixes) yield Prefix.slice(0, -1);
    },
    async signedUrl(key, { expiresInMs, now }) {
      const url = new URL(`${base.href.replace(/\/$/, '')}/${named(key).Key}`);
      const { query = {} } = await presigner.presign(
        {
          method: 'GET',
          protocol: url.protocol,
          hostname: url.hostname,
          ...(url.port === '' ? {} : { port: Number(url.port) }),
          path: url.pathname,
          query: {},
          headers: { host: url.host },
        },
        { expiresIn: Math.ceil(expiresInMs / 1_000), signingDate: now },
      );
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
      return url;
    },
  };
};
