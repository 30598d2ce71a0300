/** What nothing can be quicker than: node:http, and one answer for everything. Prints its URL. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const bytes = Buffer.from('{"data":{"me":{"id":"1","name":"Ada Example"}}}');
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
    response.end(bytes);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`READY http://127.0.0.1:${(server.address() as AddressInfo).port}`));
