/** The benchmark's four subgraphs on one port, as cheap as they come. Prints their base URL. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOperations } from '../../kernel/operations.ts';
import { schemaOf, subgraphNames } from './world.ts';

const operations = new Map(subgraphNames.map((name) => [`/${name}`, createOperations(schemaOf(name))]));
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const { query, operationName, variables } = JSON.parse(Buffer.concat(chunks).toString());
    const found = operations.get(request.url ?? '')?.find(query, operationName ?? undefined);
    const result = found && 'execute' in found ? await found.execute({}, variables) : { errors: found };
    const bytes = Buffer.from(JSON.stringify(result));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
    response.end(bytes);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`READY http://127.0.0.1:${(server.address() as AddressInfo).port}`));
