import { expect, test } from 'vitest';
import type { Client, Message } from '../../src/client/index.ts';
import type { ApiContract } from '../../src/protocol/contract.ts';
import { EarlierMessages } from '../../src/react/earlierMessages.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { deferred } from '../client/clientOf.ts';
import { afterTest } from '../support/afterTest.ts';
import { agentsWith } from './scene.ts';

const own = (id: string): Message => ({ id, role: 'user', text: id, status: 'complete', at: 1 });

test('a page that was asked for before the thread was read anew leaves no gap', async () => {
  const server = await createTestServer({ agents: agentsWith([]) });
  afterTest(() => server[Symbol.asyncDispose]());
  const client = server.client();
  const messages = Array.from({ length: 120 }, (_, i) => ({ role: 'user' as const, text: `${i}` }));
  const { id: threadId } = await client.threads.create({ messages });
  const held = deferred();
  const asked = deferred();
  const threads: typeof client.threads = {
    ...client.threads,
    messages: async (...args) => {
      const page = await client.threads.messages(...args);
      asked.resolve();
      await held.promise;
      return page;
    },
  };
  const earlier = new EarlierMessages({ ...client, threads } as Client<ApiContract>, () => {});
  const loading = earlier.load(threadId, [own('message_1')]);
  await asked.promise;
  // Much has come meanwhile: what is shown from now on follows on nothing of before.
  earlier.startFrom([own('message_900')], [own('message_1')]);
  held.resolve();
  await loading;
  expect(earlier.list).toEqual([]);
  await earlier.load(threadId, [own('message_900')]);
  expect(earlier.list.length).toBeGreaterThan(0);
});
