/** Our gateway and the four subgraphs in one process. Arguments: supergraph file, port. */
import { readFileSync } from 'node:fs';
import { anonymous } from '../../gateway/access/authenticate.ts';
import { gatewayConfig } from '../../gateway/config.ts';
import { silentLog } from '../../gateway/log.ts';
import { startGateway } from '../../gateway/server.ts';
import { inProcessSubgraph } from '../../kernel/inProcessSubgraph.ts';
import { schemaOf, subgraphNames } from './world.ts';

const [file = '', port = '0'] = process.argv.slice(2);
const subgraphs = Object.fromEntries(
  subgraphNames.map((name) => [
    name,
    inProcessSubgraph({ name, schema: schemaOf(name), context: () => ({}), log: silentLog as never }),
  ]),
);
const gateway = await startGateway({
  config: gatewayConfig({ ...process.env, PORT: port }),
  supergraphSdl: readFileSync(file, 'utf8'),
  subgraphs,
  log: silentLog,
  authenticate: async () => anonymous,
});
console.log(`READY ${gateway.url}`);
process.once('SIGTERM', () => process.exit());
