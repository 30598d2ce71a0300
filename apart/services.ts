/**
 * What each service needs of the others when it runs by itself: whom it calls, who follows its events (told over HTTP
 * where there is no Kafka), and what it cannot do without.
 */
type Service = {
  readonly calls: readonly SubgraphName[];
  readonly tells: readonly SubgraphName[];
  readonly needs: readonly ('database' | 'publicUrl')[];
};

export const subgraphNames = ['auth', 'voice', 'sales', 'analytics', 'agent'] as const;
export type SubgraphName = (typeof subgraphNames)[number];
export type ServiceName = SubgraphName | 'gateway';

export const services: Readonly<Record<ServiceName, Service>> = {
  gateway: { calls: subgraphNames, tells: [], needs: [] },
  auth: { calls: [], tells: [], needs: ['database'] },
  voice: { calls: ['sales'], tells: [], needs: ['database', 'publicUrl'] },
  sales: { calls: ['auth', 'agent', 'voice'], tells: ['voice', 'analytics'], needs: ['database'] },
  analytics: { calls: [], tells: [], needs: ['database'] },
  agent: { calls: ['voice'], tells: [], needs: ['database'] },
};

export const isServiceName = (text: string): text is ServiceName => Object.hasOwn(services, text);
