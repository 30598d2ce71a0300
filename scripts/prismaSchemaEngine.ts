import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** `"char"`, the catalogue's one-byte type, which adapter-pg does not know. */
const charOid = 18;
const bpcharOid = 1042;

type Io = { rows: unknown[]; fields: { dataTypeID: number }[] };
type Queryable = {
  performIO(query: unknown): Promise<Io>;
  queryRaw(query: unknown): Promise<{ rows: unknown[]; columnTypes: number[] }>;
};
type Adapter = Queryable & {
  executeScript(script: string): Promise<void>;
  underlyingDriver(): pg.Pool;
  onError(error: unknown): never;
};

/** adapter-pg is written for queries; the schema engine also asks for `"char"` columns and sends scripts with DO blocks. */
const forSchemaEngine = (adapter: Adapter): Adapter => {
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  const charColumns = new WeakMap<unknown[], number[]>();
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    const found = result.fields.flatMap((field, index) => (field.dataTypeID === charOid ? [index] : []));
    for (const index of found) (result.fields[index] as { dataTypeID: number }).dataTypeID = bpcharOid;
    charColumns.set(result.rows, found);
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  adapter.executeScript = async (script) => {
    await adapter.underlyingDriver().query(script);
  };
  return adapter;
};

let loaded: Promise<void> | undefined;
const load = () => {
  loaded ??= (async () => {
    const glueFile = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
    const { instance } = await WebAssembly.instantiate(await readFile(glueFile.replace(/\.js$/, '.wasm')), {
      './schema_engine_bg.js': glue,
    } as never);
    (glue as unknown as { __wbg_set_wasm(exports: unknown): void }).__wbg_set_wasm(instance.exports);
    (instance.exports['__wbindgen_start'] as () => void)();
  })();
  return loaded;
};

/**
 * What SQL turns the database at `url` (its schema `schema`) into the Prisma schema at `schemaFile`; empty when they agree.
 * Prisma's own schema engine as WebAssembly: the CLI would download a native one.
 */
export const diffToSchema = async (url: string, schema: string, schemaFile: string): Promise<string> => {
  await load();
  const inner = new PrismaPg(
    {
      connectionString: url,
      max: 1,
      onConnect: (client: pg.Client) => client.query(`SET search_path TO ${pg.escapeIdentifier(schema)}`),
    } as never,
    { schema },
  );
  const adapters: { dispose(): Promise<void> }[] = [];
  const connect = async () => {
    const adapter = await inner.connect();
    adapters.push(adapter);
    return forSchemaEngine(adapter as unknown as Adapter);
  };
  const factory = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect,
    connectToShadowDb: connect,
  } as unknown as SqlMigrationAwareDriverAdapterFactory);
  const printed: string[] = [];
  const engine = await glue.SchemaEngine.new(
    { datamodels: [[schemaFile, await readFile(schemaFile, 'utf8')]] } as never,
    () => {},
    factory as never,
  );
  try {
    const result = await engine.diff({
      from: {
        tag: 'schemaDatasource',
        files: [{ path: schemaFile, content: await readFile(schemaFile, 'utf8') }],
        configDir: '/',
      },
      to: { tag: 'schemaDatamodel', files: [{ path: schemaFile, content: await readFile(schemaFile, 'utf8') }] },
      script: true,
      exitCode: true,
      shadowDatabaseUrl: null,
      filters: { externalTables: [`${schema}._prisma_migrations`], externalEnums: [] },
    } as never);
    const { stdout, exitCode } = result as { stdout: string | null; exitCode: number };
    if (stdout !== null) printed.push(stdout);
    return exitCode === 0 ? '' : printed.join('\n').trim();
  } finally {
    engine.free();
    await Promise.all(adapters.map((adapter) => adapter.dispose().catch(() => {})));
  }
};
