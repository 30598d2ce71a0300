import type { AudioChunkFieldsFragment } from '@parley/client';
import { playableUrl } from './playableUrl.ts';

export type PlayerState = {
  /** Whose audio is on, or was last. */
  readonly turnId: string | null;
  readonly isPlaying: boolean;
  /** The browser wants a click before it lets a page sound. */
  readonly isBlocked: boolean;
  readonly isMuted: boolean;
  /** Within the turn's audio. */
  readonly positionMs: number;
};
type Piece = { readonly turnId: string; readonly chunk: AudioChunkFieldsFragment };

const emitEveryMs = 60;

/** Plays audio chunks in the order they come, the next one loading while one sounds. */
export const createPlayer = () => {
  let state: PlayerState = { turnId: null, isPlaying: false, isBlocked: false, isMuted: false, positionMs: 0 };
  const listeners = new Set<() => void>();
  const seen = new Set<string>();
  const silenced = new Set<string>();
  const played = new Map<string, number>();
  const queue: Piece[] = [];
  let current: (Piece & { readonly element: HTMLAudioElement }) | null = null;
  let ahead: { readonly chunkId: string; readonly element: HTMLAudioElement } | null = null;
  let ticking: ReturnType<typeof setInterval> | undefined;

  const become = (next: Partial<PlayerState>): void => {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  };
  const load = ({ turnId, chunk }: Piece): HTMLAudioElement => {
    const element = document.createElement('audio');
    element.preload = 'auto';
    element.hidden = true;
    element.dataset['turn'] = turnId;
    element.dataset['sequence'] = String(chunk.sequence);
    element.muted = state.isMuted;
    element.src = playableUrl(chunk.url, location.origin);
    document.body.append(element);
    return element;
  };
  const discard = (element: HTMLAudioElement): void => {
    element.pause();
    element.removeAttribute('src');
    element.remove();
  };
  const track = (): void => {
    if (current === null) return;
    const positionMs = current.chunk.startMs + Math.round(current.element.currentTime * 1000);
    played.set(current.turnId, positionMs);
    if (positionMs !== state.positionMs) become({ positionMs });
  };

  const advance = (): void => {
    if (current !== null) discard(current.element);
    current = null;
    const piece = queue.shift();
    if (piece === undefined) {
      clearInterval(ticking);
      become({ isPlaying: false });
      return;
    }
    const element = ahead?.chunkId === piece.chunk.id ? ahead.element : load(piece);
    ahead = null;
    const mine = { ...piece, element };
    current = mine;
    const next = (): void => {
      if (current !== mine) return;
      played.set(piece.turnId, piece.chunk.startMs + piece.chunk.durationMs);
      advance();
    };
    element.addEventListener('ended', next, { once: true });
    // One piece that cannot be had is a gap, not the end.
    element.addEventListener('error', next, { once: true });
    become({ turnId: piece.turnId, positionMs: piece.chunk.startMs });
    sound();
    loadAhead();
  };
  const loadAhead = (): void => {
    const [next] = queue;
    if (next && ahead === null) ahead = { chunkId: next.chunk.id, element: load(next) };
  };
  const sound = (): void => {
    const mine = current;
    if (mine === null) return;
    mine.element.play().then(
      () => {
        if (current !== mine) return;
        become({ isPlaying: true, isBlocked: false });
        clearInterval(ticking);
        ticking = setInterval(track, emitEveryMs);
      },
      (error: unknown) => {
        if (current === mine && error instanceof DOMException && error.name === 'NotAllowedError')
          become({ isPlaying: false, isBlocked: true });
      },
    );
  };
  const clear = (): void => {
    queue.length = 0;
    if (ahead !== null) discard(ahead.element);
    ahead = null;
    advance();
  };

  return {
    /** A chunk that has come; the same one again is ignored, and so is a turn that was stopped. */
    add: (turnId: string, chunk: AudioChunkFieldsFragment): void => {
      const key = `${turnId} ${chunk.sequence}`;
      if (seen.has(key) || silenced.has(turnId)) return;
      seen.add(key);
      queue.push({ turnId, chunk });
      if (current === null) advance();
      else loadAhead();
    },
    /** Plays a stored turn from its beginning. */
    replay: (turnId: string, chunks: readonly AudioChunkFieldsFragment[]): void => {
      clear();
      queue.push(...chunks.map((chunk) => ({ turnId, chunk })));
      advance();
    },
    /** Ends a turn's audio here and now. @returns the milliseconds of it that were heard */
    silence: (turnId: string): number => {
      if (current?.turnId === turnId) track();
      silenced.add(turnId);
      if (current?.turnId === turnId || queue.some((piece) => piece.turnId === turnId)) clear();
      return played.get(turnId) ?? 0;
    },
    pause: clear,
    /** After a click, when the browser had refused to sound without one. */
    unblock: sound,
    mute: (isMuted: boolean): void => {
      if (current) current.element.muted = isMuted;
      if (ahead) ahead.element.muted = isMuted;
      become({ isMuted });
    },
    /** Whether a turn is sounding or still has audio to play. */
    isOn: (turnId: string): boolean => current?.turnId === turnId || queue.some((piece) => piece.turnId === turnId),
    state: (): PlayerState => state,
    onState: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

export type Player = ReturnType<typeof createPlayer>;
