import { EventEmitter } from 'node:events';
import type { PubSub } from './pubsub.ts';

/** Live delivery within one process. */
export const memoryPubSub = (): PubSub => {
  const channels = new EventEmitter().setMaxListeners(0);
  return {
    publish: async (channel, message) => {
      channels.emit(channel, message);
    },
    subscribe: async (channel, listener) => {
      channels.on(channel, listener);
      return async () => {
        channels.off(channel, listener);
      };
    },
    close: async () => {
      channels.removeAllListeners();
    },
  };
};
