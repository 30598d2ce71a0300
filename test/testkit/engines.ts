import { randomBytes, randomInt } from 'node:crypto';

/**
 * The outside engines that a test's platform runs on, as `npm run test:services` names them; none in `npm test`. Each
 * platform has topics, consumer groups and a Redis database of its own.
 */
export const testEngines = (): Record<string, string> => {
  const given = process.env['TEST_ENGINES'];
  if (given === undefined) return {};
  const { DATABASE_URL: _, DATABASE_ADMIN_URL: __, ...engines } = JSON.parse(given) as Record<string, string>;
  return {
    ...engines,
    REDIS_URL: `${engines['REDIS_URL']}/${randomInt(1, 10_000)}`,
    KAFKA_PREFIX: `test-${randomBytes(4).toString('hex')}.`,
    KAFKA_PARTITIONS: '2',
  };
};
