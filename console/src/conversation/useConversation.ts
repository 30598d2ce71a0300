import {
  ConversationDocument,
  ConversationMetricsDocument,
  GraphqlFailure,
  TurnEvidenceDocument,
} from '@parley/client';
import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { useClient } from '../parley.ts';
import { type Problem, problemOf } from '../problem.ts';
import type { Player } from '../voice/player.ts';
import { conversationState } from './state.ts';

const pageSize = 30;
/** Citations and marks are written just after a turn is done; audio follows the text. */
const settleMs = 500;

/** A conversation as it is and as it goes on: stored turns, then each update, chunk and change as it comes. */
export const useConversation = (id: string, player: Player) => {
  const client = useClient();
  const [state, dispatch] = useReducer(conversationState, null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);

  const readEvidence = useCallback(
    (after = settleMs): void => {
      clearTimeout(settling.current);
      settling.current = setTimeout(async () => {
        // Extras: a conversation goes on without them.
        const [turns, metrics] = await Promise.allSettled([
          client.execute(TurnEvidenceDocument, { conversationId: id, last: 4 }),
          client.execute(ConversationMetricsDocument, { id }),
        ]);
        if (turns.status === 'fulfilled' && turns.value.conversation)
          dispatch({ kind: 'evidence', turns: turns.value.conversation.turns.edges.map(({ node }) => node) });
        if (metrics.status === 'fulfilled')
          dispatch({ kind: 'metrics', metrics: metrics.value.conversation?.metrics ?? null });
      }, after);
    },
    [client, id],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round starts over from the stored state
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const followTurns = async (after: string): Promise<void> => {
      for await (const update of client.conversationTurns({ conversationId: id, after, signal })) {
        dispatch({ kind: 'updated', update });
        const isOver = update.kind !== 'STARTED' && update.kind !== 'DELTA';
        if (isOver && update.turn.role === 'AGENT') readEvidence();
      }
    };
    const followAudio = async (): Promise<void> => {
      for await (const chunk of client.audioChunks({ conversationId: id, signal })) {
        if (chunk.turn === null) continue;
        dispatch({ kind: 'chunk', turnId: chunk.turn.id, chunk });
        player.add(chunk.turn.id, chunk);
        if (chunk.isFinal) readEvidence();
      }
    };
    const followState = async (): Promise<void> => {
      for await (const conversation of client.conversationUpdated({ conversationId: id, signal }))
        dispatch({ kind: 'changed', conversation });
    };
    const run = async (): Promise<void> => {
      const { conversation } = await client.execute(ConversationDocument, { id, last: pageSize }, { signal });
      if (conversation === null)
        throw new GraphqlFailure([{ message: 'There is no such conversation.', extensions: { code: 'NOT_FOUND' } }]);
      dispatch({ kind: 'loaded', conversation });
      setProblem(null);
      readEvidence(0);
      await Promise.all([
        followTurns(conversation.turnsCursor),
        // Without sound, or without its phase, a conversation is still one.
        followAudio().catch((error: unknown) => console.warn('audio', error)),
        followState().catch((error: unknown) => console.warn('state', error)),
      ]);
    };
    run().catch((error: unknown) => {
      if (signal.aborted) return;
      // What was missed is no longer kept as a stream, but as the conversation itself.
      if (error instanceof GraphqlFailure && error.code === 'CURSOR_EXPIRED') setRound((before) => before + 1);
      else setProblem(problemOf(error));
    });
    return () => {
      stop.abort();
      clearTimeout(settling.current);
    };
  }, [client, id, player, readEvidence, round]);

  const loadEarlier = useCallback(
    async (before: string): Promise<void> => {
      const { conversation } = await client.execute(ConversationDocument, { id, last: pageSize, before });
      if (conversation) dispatch({ kind: 'earlier', conversation });
    },
    [client, id],
  );
  const retry = useCallback(() => setRound((before) => before + 1), []);
  return { state, problem, dispatch, loadEarlier, retry };
};
