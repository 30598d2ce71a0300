/** A container's health check: ends with 0 when the service on this port of this machine says that it is ready. */
const [port = ''] = process.argv.slice(2);
const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(3000) }).catch(
  () => null,
);
process.exitCode = answer?.ok ? 0 : 1;
