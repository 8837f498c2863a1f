import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Client } from '../../src/client/index.ts';
import { createClient } from '../../src/client/index.ts';
import type { ApiContract } from '../../src/protocol/contract.ts';
import { ListStore } from '../../src/react/listStore.ts';
import { ThreadStore, threadStoreOf } from '../../src/react/threadStore.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { agentsWith, eventually } from './scene.ts';

// As in React Native: a WebSocket, and neither window nor document.
checkLeaksAfterwards();

test('what the hooks show is read where there is no page', async () => {
  expect([typeof window, typeof document, typeof requestAnimationFrame]).toEqual(['undefined', 'undefined', 'undefined']);
  const server = await createTestServer({ agents: agentsWith([]), models: { helper: scriptedModel([{ text: 'Hello', chunks: 5 }]) } });
  afterTest(() => server[Symbol.asyncDispose]());
  const client = createClient({ url: server.url, WebSocket }) as unknown as Client<ApiContract>;
  afterTest(() => client.close());

  const draft = new ThreadStore(client, undefined);
  let changes = 0;
  const leave = draft.live.subscribe(() => {
    changes += 1;
  });
  const { threadId } = await draft.send({ agent: 'helper', text: 'Hi' });
  await eventually(() => expect(draft.live.view().messages.map(({ text }) => text)).toEqual(['Hi', 'Hello']));
  expect(changes).toBeGreaterThan(0);
  expect(threadStoreOf(client, threadId)).toBe(draft);

  const options = {
    client,
    list: 'threads' as const,
    refreshMs: 60_000,
    page: () => client.threads.list(),
    idOf: ({ id }: { id: string }) => id,
  };
  const list = new ListStore(options);
  const leaveList = list.live.subscribe(() => {});
  await eventually(() => expect(list.live.view().rows.map(({ id }) => id)).toEqual([threadId]));
  leave();
  leaveList();
  // What nobody looks at ends, with its timers: the leak check waits for less than that.
  await eventually(() => expect(server.stats.watches).toBe(0));
});
