import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';

const folder = fileURLToPath(new URL('console/dist', import.meta.url));
const policyFor = (audioOrigin: string | null): string =>
  `default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:${audioOrigin === null ? '' : ` ${audioOrigin}`}; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'`;

/**
 * Serves the built console at `/`; anything else is a 404 in JSON.
 * @param audioOrigin where the pages load audio from besides here
 */
export const consolePages = (
  audioOrigin: string | null,
): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const policy = policyFor(audioOrigin);
  const serve = existsSync(folder) ? sirv(folder, { etag: true }) : null;
  const notFound = (response: ServerResponse) => {
    response.writeHead(404, { 'content-type': 'application/json; charset=utf-8' });
    response.end(
      JSON.stringify({ errors: [{ message: 'Nothing is served at this path.', extensions: { code: 'NOT_FOUND' } }] }),
    );
  };
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', 'content-type': 'application/json; charset=utf-8' });
      response.end(
        JSON.stringify({
          errors: [
            { message: 'Only GET and HEAD are served at this path.', extensions: { code: 'METHOD_NOT_ALLOWED' } },
          ],
        }),
      );
    } else if (serve === null) notFound(response);
    else {
      // Also for what has not changed: a browser takes the headers of a 304 for those of the page it has.
      response.setHeader('content-security-policy', policy);
      serve(request, response, () => notFound(response));
    }
  };
};
