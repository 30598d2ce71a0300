import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { s3Version } from '../../deploy/services/s3.ts';
import type { Services } from '../../deploy/services/services.ts';

/** One line that says which engines a figure was measured on. */
export const engineVersions = async ({ servers }: Services): Promise<string> => {
  const admin = new pg.Client({ connectionString: servers.PostgreSQL.url });
  await admin.connect();
  const { rows } = await admin.query<{ server_version: string }>('SHOW server_version').finally(() => admin.end());
  const redis = new Redis(servers.Redis.url);
  const info = await redis.info('server').finally(() => redis.disconnect());
  const bill = await readFile(new URL('../../deploy/services/kafka/pom.xml', import.meta.url), 'utf8');
  const [, redisVersion] = /^redis_version:(\S+)/m.exec(info) ?? [];
  const [, kafkaVersion] = /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([\d.]+)</.exec(bill) ?? [];
  return `PostgreSQL ${rows[0]?.server_version.split(' ')[0]}, Redis ${redisVersion}, Kafka ${kafkaVersion}, versitygw ${s3Version.slice(1)}`;
};
