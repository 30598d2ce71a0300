import { SendMessageDocument } from '@parley/client';
import { useCallback } from 'react';
import { useClient } from '../parley.ts';
import { accepted, problemOf } from '../problem.ts';
import type { Action } from './state.ts';

/** Sends what the customer says. A second attempt carries the same id, so it never makes a second turn. */
export const useSendMessage = (conversationId: string, dispatch: (action: Action) => void) => {
  const client = useClient();
  return useCallback(
    async (text: string, id: string = crypto.randomUUID()): Promise<void> => {
      dispatch({ kind: 'pending', pending: { id, text, turnId: null, problem: null } });
      try {
        const input = { conversationId, text, clientMessageId: id };
        const { turn } = accepted((await client.execute(SendMessageDocument, { input })).sendMessage);
        dispatch({ kind: 'pending', pending: { id, text, turnId: turn.id, problem: null } });
      } catch (error) {
        dispatch({ kind: 'pending', pending: { id, text, turnId: null, problem: problemOf(error) } });
      }
    },
    [client, conversationId, dispatch],
  );
};
