import { isServiceName, type ServiceName } from './apart/services.ts';

/** What `npm start -- …` asks for: everything in one process, or one service; of the gateway, with which supergraph. */
export type Asked = { readonly service: ServiceName | 'everything'; readonly supergraphFile: string | null };

export const usage = `Start everything: npm start. One service: npm start -- gateway|auth|voice|sales|analytics|agent. A gateway for any supergraph: npm start -- gateway --supergraph FILE`;

/** Null for what it does not know. */
export const readArguments = (given: readonly string[]): Asked | null => {
  const [service, option, file, ...more] = given;
  if (service === undefined) return { service: 'everything', supergraphFile: null };
  if (!isServiceName(service) || more.length > 0) return null;
  if (option === undefined) return { service, supergraphFile: null };
  if (service !== 'gateway' || option !== '--supergraph' || file === undefined || file === '') return null;
  return { service, supergraphFile: file };
};
