import './page.ts';
import { act } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import type { MessageStorage } from '../../src/react/index.ts';
import { deferred } from '../client/clientOf.ts';
import { type Api, eventually, showThread, startServer, type ThreadScene, textsOf } from './scene.ts';

function openStorage(): MessageStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

/** A client whose sends reach the server at `asked`, and are answered at `answered`. */
function slow(
  client: Client<Api>,
  { asked, answered }: { readonly asked?: Promise<void>; readonly answered?: Promise<void> },
): Client<Api> {
  const send = async (...args: Parameters<Client<Api>['send']>) => {
    await asked;
    const run = await client.send(...args);
    await answered;
    return run;
  };
  return { ...client, send } as Client<Api>;
}

const shownOnce = (scene: ThreadScene, texts: string[]): Promise<unknown> =>
  eventually(() => {
    expect(textsOf(scene.now)).toEqual(texts);
    expect(scene.now.messages.every(({ pending }) => pending === undefined)).toBe(true);
    expect(scene.now.status).toBe('idle');
  });

const never: Promise<void> = new Promise<void>(() => {});

describe.each(['before the server has it', 'before it is answered', 'after it is answered'] as const)('a page that goes %s', (moment) => {
  const slowness = {
    'before the server has it': { asked: never },
    'before it is answered': { answered: never },
    'after it is answered': {},
  }[moment];

  test('and comes back: a message in a thread is there, once', async () => {
    const server = await startServer([{ text: 'One' }, { text: 'Two' }, { text: 'Three' }]);
    const storage = openStorage();
    const client = server.client<Api>();
    const { threadId, ...first } = await client.send({ agent: 'helper', text: 'First' });
    await first.result();
    const scene = showThread(slow(client, slowness), { threadId }, { storage });
    await shownOnce(scene, ['user: First', 'assistant: One']);
    act(() => void scene.now.send('Second').catch(() => {}));
    if (moment === 'before it is answered') await eventually(() => expect(textsOf(scene.now)).toContain('assistant: Two'));
    if (moment === 'after it is answered') await eventually(() => expect(storage.kept.size).toBe(0));
    scene.unmount();

    const again = showThread(server.client<Api>(), { threadId }, { storage });
    await shownOnce(again, ['user: First', 'assistant: One', 'user: Second', 'assistant: Two']);
    for (const { messages } of again.shown) expect(messages.filter(({ text }) => text === 'Second').length).toBeLessThan(2);
    expect(storage.kept.size).toBe(0);
  });

  test('and comes back: a first message has begun one thread', async () => {
    const server = await startServer([{ text: 'One' }, { text: 'Two' }, { text: 'Three' }]);
    const storage = openStorage();
    const client = server.client<Api>();
    const scene = showThread(slow(client, slowness), {}, { storage });
    act(() => void scene.now.send('First').catch(() => {}));
    if (moment === 'before it is answered') await eventually(async () => expect((await client.threads.list()).items).toHaveLength(1));
    if (moment === 'after it is answered') await eventually(() => expect(scene.now.threadId).toBeDefined());
    const { threadId } = scene.now;
    scene.unmount();

    const told: string[] = [];
    const again = showThread(server.client<Api>(), { threadId, onThread: (id) => told.push(id) }, { storage, strict: true });
    await shownOnce(again, ['user: First', 'assistant: One']);
    expect((await client.threads.list()).items.map(({ id }) => id)).toEqual([again.now.threadId]);
    expect(told).toEqual(threadId === undefined ? [again.now.threadId] : []);
    expect(storage.kept.size).toBe(0);
  });
});

test('two first messages of one page are of one thread after a reload, in their order', async () => {
  const server = await startServer([{ text: 'One' }, { text: 'Two' }]);
  const storage = openStorage();
  const scene = showThread(slow(server.client<Api>(), { asked: never }), {}, { storage });
  act(() => {
    void scene.now.send('First');
    void scene.now.send('Second');
  });
  scene.unmount();
  const again = showThread(server.client<Api>(), {}, { storage });
  await eventually(() => expect(textsOf(again.now).filter((text) => text.startsWith('user'))).toEqual(['user: First', 'user: Second']));
  await eventually(() => expect(again.now).toMatchObject({ status: 'idle', messages: { length: 4 } }));
  expect((await server.client<Api>().threads.list()).items).toHaveLength(1);
});

test('a message of a thread that is not shown after a reload is sent all the same', async () => {
  const server = await startServer([{ text: 'One' }, { text: 'Two' }]);
  const storage = openStorage();
  const client = server.client<Api>();
  const { threadId, ...first } = await client.send({ agent: 'helper', text: 'First' });
  await first.result();
  const scene = showThread(slow(client, { asked: never }), { threadId }, { storage });
  await shownOnce(scene, ['user: First', 'assistant: One']);
  act(() => void scene.now.send('Second'));
  scene.unmount();
  showThread(server.client<Api>(), {}, { storage });
  await eventually(async () => expect((await client.threads.messages({ threadId })).items.map(({ text }) => text)).toContain('Second'));
});

test('a message that was refused is shown as such after a reload, and is sent when that is asked for', async () => {
  const until = deferred();
  const server = await startServer([{ text: 'One', until: until.promise }, { text: 'Two' }]);
  const storage = openStorage();
  const scene = showThread(server.client<Api>(), {}, { storage });
  const { threadId } = await act(() => scene.now.send('First'));
  await eventually(() => expect(scene.now.status).toBe('running'));
  act(() => void scene.now.send({ text: 'Busy', whenBusy: 'reject' }));
  await eventually(() => expect(scene.now.messages.at(-1)?.pending).toBe('failed'));
  scene.unmount();
  const again = showThread(server.client<Api>(), { threadId }, { storage });
  await eventually(() =>
    expect(again.now.messages.at(-1)).toMatchObject({ text: 'Busy', pending: 'failed', error: { code: 'THREAD_BUSY' } }),
  );
  until.resolve();
  await eventually(() => expect(again.now.status).toBe('idle'));
  await act(() => again.now.resend(again.now.messages.at(-1)?.key ?? ''));
  await shownOnce(again, ['user: First', 'assistant: One', 'user: Busy', 'assistant: Two']);
  expect(storage.kept.size).toBe(0);
});

test('a message that is older than what the server knows keys for waits until it is sent again', async () => {
  const server = await startServer([{ text: 'One' }]);
  const storage = openStorage();
  const scene = showThread(slow(server.client<Api>(), { asked: never }), {}, { storage });
  act(() => void scene.now.send('Old'));
  scene.unmount();
  for (const [key, text] of storage.kept) {
    const [unsent] = JSON.parse(text) as { at: number }[];
    storage.kept.set(key, JSON.stringify([{ ...unsent, at: Date.now() - 25 * 60 * 60_000 }]));
  }
  const again = showThread(server.client<Api>(), {}, { storage });
  await eventually(() => expect(again.now.messages).toMatchObject([{ text: 'Old', pending: 'failed', error: { code: 'TIMEOUT' } }]));
  act(() => again.now.dismiss(again.now.messages[0]?.key));
  expect(again.now.messages).toEqual([]);
  expect(storage.kept.size).toBe(0);
});

test('what is on its way, or was refused, is there for whoever comes back later', async () => {
  const server = await startServer([{ text: 'One' }, { text: 'Two' }]);
  const client = server.client<Api>();
  const { threadId, ...first } = await client.send({ agent: 'helper', text: 'First' });
  await first.result();
  const asked = deferred();
  const slowClient = slow(client, { asked: asked.promise });
  const scene = showThread(slowClient, { threadId });
  await shownOnce(scene, ['user: First', 'assistant: One']);
  act(() => void scene.now.send('Second'));
  act(() => void scene.now.send({ text: 'Third', whenBusy: 'reject' }));
  scene.unmount();
  // Nobody looks: it is not read any more.
  await eventually(() => expect(server.stats.watches).toBe(0));
  const again = showThread(slowClient, { threadId });
  expect(textsOf(again.now)).toEqual(['user: First', 'assistant: One', 'user: Second', 'user: Third']);
  asked.resolve();
  await eventually(() => expect(again.now.messages.at(-1)).toMatchObject({ text: 'Third', pending: 'failed' }));
  await eventually(() => expect(again.now).toMatchObject({ status: 'idle', messages: { length: 5 } }));
  again.unmount();
  await eventually(() => expect(server.stats.watches).toBe(0));
  const last = showThread(slowClient, { threadId });
  expect(last.now.messages.at(-1)).toMatchObject({ text: 'Third', pending: 'failed' });
});
