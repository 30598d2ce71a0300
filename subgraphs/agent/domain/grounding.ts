import { numbersIn } from './money.ts';

/** Numbers of a reply that none of its sources holds. An empty list is what lets a reply be spoken. */
export const ungroundedNumbers = (reply: string, sources: readonly string[]): string[] => {
  const known = new Set(sources.flatMap((source) => numbersIn(source.normalize('NFKC'))));
  return numbersIn(reply).filter((number) => !known.has(number));
};

/** Names of a reply (capitalised words that open no sentence) that none of its sources holds. */
export const ungroundedNames = (reply: string, sources: readonly string[]): string[] => {
  const known = sources.join(' ').toLowerCase();
  const names = reply.matchAll(/(?<=[\p{L}\p{N},;)]\s)\p{Lu}[\p{L}\p{N}]+/gu);
  return [...names]
    .map((match) => match[0])
    .filter((name) => !['AI', 'IA'].includes(name) && !known.includes(name.toLowerCase()));
};
