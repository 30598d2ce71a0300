/** True for a key that is new among the last `most` ones, and remembers it. */
export const recentlySeen = (most: number): ((key: string) => boolean) => {
  const keys = new Set<string>();
  return (key) => {
    if (keys.has(key)) return false;
    keys.add(key);
    for (const oldest of keys) {
      if (keys.size <= most) break;
      keys.delete(oldest);
    }
    return true;
  };
};
