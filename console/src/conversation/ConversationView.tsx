import { InterruptTurnDocument } from '@parley/client';
import { useCallback, useEffect, useState } from 'react';
import { useClient } from '../parley.ts';
import { accepted } from '../problem.ts';
import { Notice } from '../ui/Notice.tsx';
import { useAction } from '../useAction.ts';
import { usePlayer, usePlayerState } from '../voice/usePlayer.ts';
import { Composer } from './Composer.tsx';
import { ConversationHead } from './ConversationHead.tsx';
import { EndDialog } from './EndDialog.tsx';
import { EndedBar } from './EndedBar.tsx';
import { Inspector } from './Inspector.tsx';
import { Transcript } from './Transcript.tsx';
import { useConversation } from './useConversation.ts';
import { useSendMessage } from './useSendMessage.ts';

export const ConversationView = ({ id, onChanged }: { id: string; onChanged: () => void }) => {
  const client = useClient();
  const player = usePlayer();
  const voice = usePlayerState(player);
  const { state, problem, dispatch, loadEarlier, retry } = useConversation(id, player);
  const send = useSendMessage(id, dispatch);
  const [isEnding, setEnding] = useState(false);
  const status = state?.conversation.status;
  const phase = state?.conversation.phase;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list shows both
  useEffect(onChanged, [status, phase, onChanged]);

  const latest = state?.transcript.turns.findLast(({ role }) => role === 'AGENT');
  // The turn that is heard; without sound, the one that is being written.
  const speaking =
    voice.turnId !== null && player.isOn(voice.turnId)
      ? voice.turnId
      : latest?.state === 'STREAMING'
        ? latest.id
        : null;
  const interrupt = useAction(async (turnId: string) => {
    const playedMs = player.silence(turnId);
    const { interruptTurn } = await client.execute(InterruptTurnDocument, { input: { turnId, playedMs } });
    // It had just come to its end by itself: there is silence either way.
    if (interruptTurn?.__typename !== 'Refusal' || interruptTurn.code !== 'TURN_NOT_INTERRUPTIBLE')
      accepted(interruptTurn);
  });
  const stop = useCallback(() => {
    if (speaking !== null) void interrupt.run(speaking);
  }, [speaking, interrupt.run]);
  /** Speaking over the agent is a barge-in, as it is on the telephone. */
  const say = async (text: string): Promise<void> => {
    const heard = player.state().turnId;
    if (heard !== null && player.isOn(heard)) await interrupt.run(heard);
    await send(text);
  };

  if (state === null)
    return (
      <section className="sheet">
        <Notice problem={problem} onRetry={retry} />
        {problem === null && <p className="quiet">Loading the conversation…</p>}
      </section>
    );
  return (
    <div className="conversation">
      <ConversationHead conversation={state.conversation} player={player} onEnd={() => setEnding(true)} />
      <section className="talk" aria-label="Transcript">
        <Transcript
          state={state}
          player={player}
          onEarlier={loadEarlier}
          onSay={(text) => void say(text)}
          onResend={(text, messageId) => void send(text, messageId)}
          dispatch={dispatch}
        />
        <Notice problem={problem} onRetry={retry} />
        <Notice problem={interrupt.problem} />
        {status === 'ENDED' ? (
          <EndedBar outcome={state.conversation.outcome} />
        ) : (
          <Composer isSpeaking={speaking !== null} onSend={(text) => void say(text)} onStop={stop} />
        )}
      </section>
      <Inspector conversation={state.conversation} metrics={state.metrics} />
      {isEnding && <EndDialog conversationId={id} onClose={() => setEnding(false)} dispatch={dispatch} />}
    </div>
  );
};
