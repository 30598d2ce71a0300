import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { freePort, type RunningServer, type ServerOptions, ServerUnavailable, startProgram } from './server.ts';

const run = promisify(execFile);
const bill = fileURLToPath(new URL('./kafka/pom.xml', import.meta.url));
const tools = { java: '/usr/bin/java', maven: '/usr/bin/mvn' };

/** The broker's jars, fetched once per version of their list. @returns a class path @throws ServerUnavailable */
const classPath = async (cacheFolder: string): Promise<string> => {
  for (const [name, file] of Object.entries(tools))
    if (!existsSync(file)) throw new ServerUnavailable(`${name} is missing: npm run services -- install`);
  const list = await readFile(bill);
  const folder = path.join(cacheFolder, `kafka-${createHash('sha256').update(list).digest('hex').slice(0, 12)}`);
  if (!existsSync(folder)) {
    const building = `${folder}.new`;
    await rm(building, { recursive: true, force: true });
    await mkdir(building, { recursive: true });
    await copyFile(bill, path.join(building, 'pom.xml'));
    console.error('fetching Apache Kafka through Maven (43 MB, once) …');
    await run(tools.maven, [
      '-q',
      '-B',
      '-f',
      building,
      'dependency:copy-dependencies',
      '-DoutputDirectory=jars',
    ]).catch((error: { stdout?: string; message: string }) => {
      throw new ServerUnavailable(`Apache Kafka could not be fetched: ${error.stdout?.trim() || error.message}`);
    });
    await rename(building, folder);
  }
  return path.join(folder, 'jars', '*');
};

/**
 * `advertised` is where clients are told to find it, when something lies between.
 *
 * One Apache Kafka broker that is its own controller (KRaft), on loopback. Topics are made by who needs them, with the
 * partitions they say. What is acknowledged lies in the operating system's cache: a killed broker has it, a machine that loses power may not.
 */
export const startKafka = async ({
  folder,
  cacheFolder,
  port: wanted,
  advertised,
}: ServerOptions & { readonly advertised?: string }): Promise<RunningServer> => {
  const jars = await classPath(cacheFolder);
  const data = path.join(folder, 'kafka');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const port = wanted ?? (await freePort());
  // The quorum remembers where its voter was: it stays there.
  const controllerFile = path.join(data, 'controller-port');
  const controller = Number(await readFile(controllerFile, 'utf8').catch(() => 0)) || (await freePort());
  await writeFile(controllerFile, String(controller));
  const properties = path.join(data, 'server.properties');
  const log4j = path.join(data, 'log4j2.properties');
  await writeFile(
    properties,
    `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://${advertised ?? `127.0.0.1:${port}`}
controller.listener.names=CONTROLLER
log.dirs=${path.join(data, 'logs')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
log.segment.bytes=16777216
message.max.bytes=1048576
`,
  );
  await writeFile(
    log4j,
    `rootLogger.level=WARN
rootLogger.appenderRef.out.ref=OUT
appender.out.type=Console
appender.out.name=OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c %m%n
`,
  );
  const java = ['-Xms256m', '-Xmx512m', `-Dlog4j2.configurationFile=${log4j}`, '-cp', jars];
  if (!existsSync(path.join(data, 'logs', 'meta.properties')))
    await run(tools.java, [
      ...java,
      ...[
        'kafka.tools.StorageTool',
        'format',
        '--standalone',
        '--cluster-id',
        'cGFybGV5LWxvY2FsLTAwMQ',
        '-c',
        properties,
      ],
    ]).catch((error: { stderr?: string; stdout?: string; message: string }) => {
      throw new ServerUnavailable(`Apache Kafka could not be set up: ${error.stderr || error.stdout || error.message}`);
    });
  const broker = `127.0.0.1:${port}`;
  const isReady = async () => {
    // It listens once it has joined its cluster. Asking for more would lead over the advertised address.
    const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      return true;
    } finally {
      await admin.disconnect();
    }
  };
  const started = await startProgram({
    name: 'Apache Kafka',
    command: tools.java,
    args: [...java, 'kafka.Kafka', properties],
    logFile: path.join(folder, 'kafka.log'),
    isReady,
  });
  return { ...started, env: { KAFKA_BROKERS: broker }, url: broker, port };
};
