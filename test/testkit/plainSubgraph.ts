import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

/** A subgraph as anybody would serve one: GraphQL over HTTP and graphql-transport-ws, unsigned. */
export const startPlainSubgraph = async (typeDefs: string, resolvers: object, port = 0) => {
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: resolvers as never }]);
  const heard: IncomingHttpHeaders[] = [];
  const connected: (Readonly<Record<string, unknown>> | undefined)[] = [];
  const handle = createHandler({
    schema,
    context: ({ raw }) => ({ authorization: raw.headers.authorization ?? null }),
  });
  const http = createServer((request, response) => {
    heard.push(request.headers);
    void handle(request, response);
  });
  const sockets = new WebSocketServer({ server: http, path: '/graphql' });
  const stopServing = useServer(
    {
      schema,
      onConnect: ({ connectionParams }) => {
        connected.push(connectionParams);
      },
    },
    sockets,
  );
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`,
    heard,
    connected,
    stop: async () => {
      await stopServing.dispose();
      http.closeAllConnections();
      http.close();
    },
  };
};
