import pg from 'pg';
import type { Services } from '../../deploy/services/services.ts';

export type Environment = Readonly<Record<string, string>>;

/** The engines as if nobody else used them: a database, topics and a Redis database of one's own. */
export const enginesFor = async ({ env, servers }: Services, which: number): Promise<Environment> => {
  const admin = new pg.Client({ connectionString: servers.PostgreSQL.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE bench_${which}`).finally(() => admin.end());
  const onOwn = (url = '') => Object.assign(new URL(url), { pathname: `/bench_${which}` }).toString();
  return {
    ...env,
    DATABASE_URL: onOwn(env['DATABASE_URL']),
    DATABASE_ADMIN_URL: onOwn(env['DATABASE_ADMIN_URL']),
    REDIS_URL: `${env['REDIS_URL']}/${which}`,
    KAFKA_PREFIX: `bench-${which}.`,
  };
};
