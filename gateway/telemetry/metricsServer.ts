import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { ConfigError } from '@parley/kernel/config';

/** Where metrics are served for a Prometheus to come and read. */
export type MetricsAddress = { readonly host: string; readonly port: number };
export type MetricsText = () => Promise<string>;

/** Serves `GET /metrics` and nothing else, on a port of its own: what it tells is not for the public. @throws ConfigError */
export const serveMetrics = async ({ host, port }: MetricsAddress, text: MetricsText): Promise<Server> => {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') response.writeHead(404).end();
    else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
    else sendMetrics(response, text);
  });
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    throw new ConfigError(`GATEWAY_METRICS_PORT ${port} cannot be used: ${(error as Error).message}`);
  }
  return server;
};

export const sendMetrics = (response: ServerResponse, text: MetricsText): void => {
  text().then(
    (body) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body),
    () => response.writeHead(500).end(),
  );
};
