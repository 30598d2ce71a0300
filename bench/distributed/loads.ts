import { setTimeout as delay } from 'node:timers/promises';
import { type ConversationClient, type Marks, questions } from '../lib/conversationClient.ts';

let asked = 0;
const nextQuestion = (): string => questions[asked++ % questions.length] ?? '';

/** All customers ask in the same instant. */
export const burst = (customers: readonly ConversationClient[]): Promise<Marks[]> =>
  Promise.all(customers.map((customer) => customer.exchange(nextQuestion())));

/** One customer after the other asks, at a steady rate, whether or not the ones before have their reply. */
export const steady = async (
  customers: readonly ConversationClient[],
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Marks[]> => {
  const exchanges: Promise<Marks>[] = [];
  const began = performance.now();
  for (let index = 0; index < perSecond * seconds; index++) {
    const due = began + (index * 1000) / perSecond;
    await delay(Math.max(0, due - performance.now()));
    exchanges.push((customers[index % customers.length] as ConversationClient).exchange(nextQuestion()));
  }
  return Promise.all(exchanges);
};
