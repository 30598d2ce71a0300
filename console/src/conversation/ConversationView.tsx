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
  const isSpeaking =
    latest !== undefined && (latest.state === 'STREAMING' || (voice.turnId === latest.id && player.isOn(latest.id)));
  const interrupt = useAction(async (turnId: string) => {
    const playedMs = player.silence(turnId);
    accepted((await client.execute(InterruptTurnDocument, { input: { turnId, playedMs } })).interruptTurn);
  });
  const stop = useCallback(() => {
    if (latest) void interrupt.run(latest.id);
  }, [latest, interrupt.run]);

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
        <Transcript state={state} player={player} onEarlier={loadEarlier} onResend={send} dispatch={dispatch} />
        <Notice problem={problem} onRetry={retry} />
        <Notice problem={interrupt.problem} />
        {status === 'ENDED' ? (
          <EndedBar outcome={state.conversation.outcome} />
        ) : (
          <Composer isSpeaking={isSpeaking} onSend={send} onStop={stop} />
        )}
      </section>
      <Inspector conversation={state.conversation} metrics={state.metrics} />
      {isEnding && <EndDialog conversationId={id} onClose={() => setEnding(false)} dispatch={dispatch} />}
    </div>
  );
};
