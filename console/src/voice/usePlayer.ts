import { useEffect, useState, useSyncExternalStore } from 'react';
import { createPlayer, type Player, type PlayerState } from './player.ts';

/** A player that lasts as long as the part of the page that asks for it. */
export const usePlayer = (): Player => {
  const [player] = useState(createPlayer);
  useEffect(() => () => player.pause(), [player]);
  return player;
};

export const usePlayerState = (player: Player): PlayerState => useSyncExternalStore(player.onState, player.state);
