import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAgent, signUp, startConversation } from '../../test/testkit/graphql.ts';
import { freePort, startPlatformProcess } from '../../test/testkit/platformProcess.ts';
import type { Opened } from '../lib/bench.ts';
import { type ConversationClient, openConversationClient } from '../lib/conversationClient.ts';
import type { Environment } from '../lib/ownEngines.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A platform under load, and the processes whose CPU is its own. */
export type Contender = {
  readonly name: string;
  readonly pids: readonly number[];
  readonly customers: readonly ConversationClient[];
};
type Running = { readonly url: string; readonly pids: readonly number[] };

/** Neither is rehearsed: the first rounds, which are not counted, do the same for both. */
const common = { REHEARSAL: 'off', GATEWAY_LATENESS_MS: '10000', LOG_LEVEL: 'error' };

/** `npm start` on embedded parts, or on engines. */
export const startOneProcess = async (dataFolder: string, engines: Environment, opened: Opened): Promise<Running> => {
  const platform = await startPlatformProcess({
    ...common,
    ...engines,
    PORT: await freePort(),
    DATA_DIR: await mkdtemp(path.join(dataFolder, 'one-')),
  });
  opened.closing(platform.stop);
  return { url: platform.url, pids: [platform.child.pid ?? 0] };
};

/** `npm run start:distributed`. @throws with what it printed, when it does not come up */
export const startSixProcesses = async (dataFolder: string, engines: Environment, opened: Opened): Promise<Running> => {
  const port = await freePort();
  const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', 'deploy/distributed.ts'], {
    cwd: root,
    env: {
      ...process.env,
      ...common,
      ...engines,
      PORT: port,
      DATA_DIR: await mkdtemp(path.join(dataFolder, 'six-')),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    // Ctrl-C reaches the benchmark alone, which ends it.
    detached: true,
  });
  const exited = once(child, 'exit');
  opened.closing(() => {
    child.kill('SIGTERM');
    return exited;
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (/distributed over 6 processes/.test(output)) resolve();
    });
    void exited.then(() => reject(new Error(`the six processes did not start:\n${output}`)));
  });
  return { url: `http://127.0.0.1:${port}`, pids: [child.pid ?? 0] };
};

/** Subscribers are not told that they are subscribed. */
const untilSubscribedMs = 1000;

/** Customers in conversations of their own, each listening to text and audio. */
export const openCustomers = async (url: string, count: number, opened: Opened): Promise<ConversationClient[]> => {
  const owner = await signUp(url);
  const { agentId } = await createAgent(url, owner.accessToken);
  const customers: ConversationClient[] = [];
  for (let index = 0; index < count; index++) {
    const { conversation, visitorToken } = await startConversation(url, owner.accessToken, agentId);
    const customer = await openConversationClient(url, conversation.id, visitorToken);
    opened.closing(customer.close);
    customers.push(customer);
  }
  await new Promise((resolve) => setTimeout(resolve, untilSubscribedMs));
  return customers;
};

export const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true });
