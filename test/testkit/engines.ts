import { randomBytes, randomInt } from 'node:crypto';
import { voiceConfig } from '@parley/voice/config';

/**
 * The outside engines that a test's platform runs on, as `npm run test:services` names them; none in `npm test`. Each
 * platform has topics, consumer groups, a Redis database and a bucket of its own.
 */
export const testEngines = async (): Promise<Record<string, string>> => {
  const given = process.env['TEST_ENGINES'];
  if (given === undefined) return {};
  const { DATABASE_URL: _, DATABASE_ADMIN_URL: __, ...engines } = JSON.parse(given) as Record<string, string>;
  return {
    ...engines,
    S3_BUCKET: await makeBucket(engines),
    REDIS_URL: `${engines['REDIS_URL']}/${randomInt(1, 10_000)}`,
    KAFKA_PREFIX: `test-${randomBytes(4).toString('hex')}.`,
    KAFKA_PARTITIONS: '2',
  };
};

/** A new, empty bucket. @param environment says where S3 is @returns its name */
export const makeBucket = async (environment: Readonly<Record<string, string>>): Promise<string> => {
  const { s3 } = voiceConfig(environment);
  if (s3 === null) throw new Error('S3_BUCKET and the rest of S3_… say where S3 is: npm run test:services');
  const [{ CreateBucketCommand }, { createS3Client, usualPatience }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('../../subgraphs/voice/infrastructure/s3Client.ts'),
  ]);
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  const client = createS3Client(s3, usualPatience);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
};
