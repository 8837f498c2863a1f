import './page.ts';
import { act } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import type { Client } from '../../src/client/index.ts';
import { startFaultProxy } from '../../src/testing/index.ts';
import { deferred } from '../client/clientOf.ts';
import { afterTest } from '../support/afterTest.ts';
import { type Api, eventually, showThread, startServer, textsOf } from './scene.ts';

const idle = (scene: { readonly now: { readonly status: string } }): Promise<unknown> =>
  eventually(() => expect(scene.now.status).toBe('idle'));

/** As on a network where the answer to a send is slower than the events of it. */
function withHeldAnswers(client: Client<Api>, held: Promise<unknown>): Client<Api> {
  const send = async (...args: Parameters<Client<Api>['send']>) => {
    const run = await client.send(...args);
    await held;
    return run;
  };
  return { ...client, send } as Client<Api>;
}

describe('the own message', () => {
  test('begins the thread, is shown at once, and is the same row from the first word to the last', async () => {
    const server = await startServer([{ text: 'Hello you', chunks: 3 }]);
    const begun: string[] = [];
    const scene = showThread(server.client<Api>(), { onThread: (id) => begun.push(id) });
    expect(scene.now).toMatchObject({ status: 'idle', messages: [], threadId: undefined });
    act(() => void scene.now.send('Hi'));
    expect(scene.now).toMatchObject({ status: 'sending', messages: [{ text: 'Hi', pending: 'sending' }] });
    const { key } = scene.now.messages[0] ?? {};
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: Hi', 'assistant: Hello you']));
    await idle(scene);
    expect(begun).toEqual([scene.now.threadId]);
    const since = scene.shown.slice(scene.shown.findIndex(({ messages }) => messages.length > 0));
    for (const { messages, error } of since) {
      expect(messages[0]).toMatchObject({ key, text: 'Hi' });
      expect(messages.filter(({ role }) => role === 'user')).toHaveLength(1);
      expect(error).toBeUndefined();
    }
    expect(scene.now.messages[0]?.pending).toBeUndefined();
    // Never at rest between the click and the answer.
    expect(
      since
        .slice(
          0,
          since.findIndex(({ status }) => status === 'running'),
        )
        .map(({ status }) => status),
    ).not.toContain('idle');
  });

  test('is there once when its event is here before the answer to its sending', async () => {
    const server = await startServer([{ text: 'One' }, { text: 'Two' }]);
    const client = server.client<Api>();
    const { threadId } = await client.send({ agent: 'helper', text: 'Same' });
    const held = deferred<void>();
    const scene = showThread(withHeldAnswers(client, held.promise), { threadId });
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: Same', 'assistant: One']));
    act(() => void scene.now.send('Same'));
    const { key } = scene.now.messages[2] ?? {};
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: Same', 'assistant: One', 'user: Same', 'assistant: Two']));
    held.resolve();
    await idle(scene);
    for (const { messages } of scene.shown) {
      expect(messages.filter(({ role }) => role === 'user').length).toBeLessThan(3);
      if (messages[2] !== undefined) expect(messages[2].key).toBe(key);
    }
  });

  test('stays with its error when it is refused, until it is dismissed or sent again', async () => {
    const until = deferred<void>();
    const server = await startServer([{ text: 'One', until: until.promise }, { text: 'Two' }]);
    const scene = showThread(server.client<Api>());
    await act(() => scene.now.send('First'));
    await eventually(() => expect(scene.now.status).toBe('running'));
    // Nobody waits for it: it is not an unhandled rejection, which would fail this file.
    act(() => void scene.now.send({ text: 'Busy', whenBusy: 'reject' }));
    await eventually(() => expect(scene.now.error?.code).toBe('THREAD_BUSY'));
    await eventually(() =>
      expect(scene.now.messages.at(-1)).toMatchObject({ text: 'Busy', pending: 'failed', error: { code: 'THREAD_BUSY' } }),
    );
    const { key = '' } = scene.now.messages.at(-1) ?? {};
    const before = scene.now.messages;
    act(() => scene.now.dismiss());
    expect(scene.now).toMatchObject({ error: undefined, messages: before });
    until.resolve();
    await idle(scene);
    await act(() => scene.now.resend(key));
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: First', 'assistant: One', 'user: Busy', 'assistant: Two']));
    expect(scene.now.messages[2]?.key).toBe(key);
    await expect(scene.now.resend(key)).rejects.toMatchObject({ code: 'BAD_INPUT' });

    await act(() => scene.now.send('').catch(() => {}));
    await eventually(() => expect(scene.now.messages.at(-1)).toMatchObject({ pending: 'failed', error: { code: 'BAD_INPUT' } }));
    const refused = scene.now.messages.at(-1);
    act(() => scene.now.dismiss(refused?.key));
    expect(scene.now.error).toBeUndefined();
    expect(textsOf(scene.now)).toHaveLength(4);
  });

  test('two that are sent at once begin one thread', async () => {
    const server = await startServer([{ text: 'One' }, { text: 'Two' }]);
    const client = server.client<Api>();
    const scene = showThread(client);
    act(() => {
      void scene.now.send('First');
      void scene.now.send('Second');
    });
    expect(textsOf(scene.now)).toEqual(['user: First', 'user: Second']);
    await eventually(() => expect(scene.now.messages).toHaveLength(4));
    await idle(scene);
    expect((await client.threads.list()).items).toHaveLength(1);
  });
});

describe('all who look see the same', () => {
  test('two components share one watch, and the very same messages', async () => {
    const server = await startServer([{ text: 'Hello' }]);
    const client = server.client<Api>();
    const one = showThread(client);
    const { threadId } = await act(() => one.now.send('Hi'));
    const two = showThread(client, { threadId });
    await eventually(() => expect(textsOf(two.now)).toEqual(['user: Hi', 'assistant: Hello']));
    await eventually(() => expect(one.now.messages).toBe(two.now.messages));
    expect(server.stats.watches).toBe(1);
    // What one of them sends shows in both, in the same moment.
    act(() => void two.now.send('And?').catch(() => {}));
    expect(textsOf(one.now).at(-1)).toBe('user: And?');
    await eventually(() => expect(one.now.status).toBe('idle'));
  });

  test('two tabs agree, and the one stops what the other sent', async () => {
    const until = deferred<void>();
    const server = await startServer([{ text: 'Once upon a time', until: until.promise }]);
    const one = showThread(server.client<Api>());
    const { threadId } = await act(() => one.now.send('Tell'));
    const two = showThread(server.client<Api>(), { threadId });
    await eventually(() => expect(two.now).toMatchObject({ status: 'running', messages: [{}, { text: 'Once upon a time' }] }));
    await act(() => two.now.stop());
    await eventually(() => expect(one.now.status).toBe('idle'));
    await idle(two);
    expect(textsOf(one.now)).toEqual(textsOf(two.now));
    expect(Object.values(one.now.runs)[0]).toMatchObject({ status: 'cancelled' });
    expect(one.now.usage).toBeDefined();
  });

  test('under StrictMode there is one watch, and a message is sent once', async () => {
    const server = await startServer([{ text: 'Hello' }]);
    const scene = showThread(server.client<Api>(), {}, { strict: true });
    await act(() => scene.now.send('Hi'));
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: Hi', 'assistant: Hello']));
    await idle(scene);
    expect(server.stats.watches).toBe(1);
  });

  test('one that nobody looks at any more is let go of, and comes back', async () => {
    const server = await startServer([{ text: 'Hello' }]);
    const client = server.client<Api>();
    const scene = showThread(client);
    const { threadId } = await act(() => scene.now.send('Hi'));
    await idle(scene);
    scene.unmount();
    await eventually(() => expect(server.stats.watches).toBe(0));
    const again = showThread(client, { threadId });
    expect(again.now.status).toBe('loading');
    await eventually(() => expect(textsOf(again.now)).toEqual(['user: Hi', 'assistant: Hello']));
  });
});

describe('a bad network', () => {
  test('a cut in mid-stream loses nothing and doubles nothing, and catching up is told', async () => {
    const [first, second] = [deferred<void>(), deferred<void>()];
    const meanwhile = 'x'.repeat(4_000);
    const server = await startServer([
      { text: 'Before. ', until: first.promise, toolCalls: [{ name: 'nobody' }] },
      { text: meanwhile, until: second.promise },
    ]);
    const proxy = await startFaultProxy({ port: server.port });
    afterTest(() => proxy.close());
    const client = createClient<Api>({ url: proxy.url, random: () => 0 });
    afterTest(() => client.close());
    const scene = showThread(client);
    await act(() => scene.now.send('Hi'));
    await eventually(() => expect(scene.now.messages.at(-1)?.text).toBe('Before. '));
    proxy.refuse();
    proxy.cut();
    first.resolve();
    await eventually(() => expect(client.connection.state.status).toBe('offline'));
    const cutAt = scene.shown.length;
    expect(scene.now).toMatchObject({ status: 'running', isCatchingUp: false });
    proxy.throttle(8_000);
    proxy.accept();
    await eventually(() => expect(scene.now.messages.at(-1)?.text).toBe(meanwhile));
    await eventually(() => expect(scene.now.isCatchingUp).toBe(false));
    second.resolve();
    await idle(scene);
    expect(scene.shown.slice(cutAt).some(({ isCatchingUp }) => isCatchingUp)).toBe(true);
    expect(scene.shown.slice(0, cutAt).some(({ isCatchingUp }) => isCatchingUp)).toBe(false);
    expect(textsOf(scene.now)).toEqual(['user: Hi', 'assistant: Before. ', `assistant: ${meanwhile}`]);
  });

  test('a thread that cannot be read says why, and is read again when that is asked for', async () => {
    const server = await startServer([]);
    const scene = showThread(server.client<Api>(), { threadId: 'thread_01h2xcejqtf2nbrexx3vqjhp41' });
    expect(scene.now.status).toBe('loading');
    await eventually(() => expect(scene.now).toMatchObject({ status: 'failed', error: { code: 'NOT_FOUND' } }));
    const count = scene.shown.length;
    act(() => scene.now.reload());
    expect(scene.shown.slice(count).map(({ status }) => status)).toContain('loading');
    await eventually(() => expect(scene.now.status).toBe('failed'));
  });
});

describe('from thread to thread', () => {
  test('in mid-stream nothing of the one shows in the other, and nobody is called back', async () => {
    const until = deferred<void>();
    const server = await startServer([{ text: 'Short' }, { text: 'Long', until: until.promise }, { text: 'Third' }]);
    const client = server.client<Api>();
    const other = await client.send({ agent: 'helper', text: 'Other' });
    await other.result();
    const went: string[] = [];
    const held = deferred<void>();
    const scene = showThread(withHeldAnswers(client, held.promise), { onThread: (id) => went.push(id) });
    act(() => void scene.now.send('Mine'));
    const count = scene.shown.length;
    scene.rerender({ threadId: other.threadId, onThread: (id) => went.push(id) });
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: Other', 'assistant: Short']));
    held.resolve();
    await eventually(async () => expect((await client.threads.list()).items).toHaveLength(2));
    until.resolve();
    await idle(scene);
    for (const shown of scene.shown.slice(count + 1)) expect(textsOf(shown).join()).not.toMatch(/Mine|Long/);
    expect(went).toEqual([]);
    expect(scene.now.threadId).toBe(other.threadId);
  });

  test('nobody who has left the page is called back', async () => {
    const server = await startServer([{ text: 'Hello' }, { text: 'Again' }]);
    const client = server.client<Api>();
    const went: string[] = [];
    const scene = showThread(client, { onThread: (id) => went.push(id) });
    let sent: Promise<{ readonly threadId: string }> | undefined;
    act(() => {
      sent = scene.now.send('Hi');
    });
    scene.unmount();
    const threadId = (await sent)?.threadId;
    const other = showThread(client, { threadId, onThread: (id) => went.push(id) });
    await idle(other);
    let forked: Promise<unknown> | undefined;
    act(() => {
      forked = other.now.fork();
    });
    other.unmount();
    await forked;
    expect(went).toEqual([]);
  });

  test('a new one after another is empty, even if that other one began here', async () => {
    const server = await startServer([{ text: 'Hello' }, { text: 'Again' }]);
    const scene = showThread(server.client<Api>());
    const { threadId } = await act(() => scene.now.send('Hi'));
    await idle(scene);
    const before = scene.now.messages;
    scene.rerender({ threadId });
    expect(scene.now.messages).toBe(before);
    scene.rerender({});
    expect(scene.now).toMatchObject({ threadId: undefined, messages: [], status: 'idle' });
    const next = await act(() => scene.now.send('Hi again'));
    expect(next.threadId).not.toBe(threadId);
  });

  test('an edit and a fork show what there is until the new thread is here', async () => {
    const server = await startServer([{ text: 'One' }, { text: 'Two' }]);
    const went: string[] = [];
    const scene = showThread(server.client<Api>(), { onThread: (id) => went.push(id) });
    await act(() => scene.now.send('Hi'));
    await idle(scene);
    const count = scene.shown.length;
    const { id: messageId = '' } = scene.now.messages[0] ?? {};
    await act(() => scene.now.edit({ messageId, text: 'Hello' }));
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: Hello', 'assistant: Two']));
    await idle(scene);
    const edited = scene.now.threadId;
    const statuses = scene.shown.slice(count).map(({ status }) => status);
    expect(statuses).not.toContain('loading');
    expect(statuses.slice(0, statuses.indexOf('running'))).not.toContain('idle');
    await act(() => scene.now.fork({ title: 'Copy' }));
    await idle(scene);
    expect(went).toEqual([went[0], edited, scene.now.threadId]);
    expect(new Set(went).size).toBe(3);
    expect(textsOf(scene.now)).toEqual(['user: Hello', 'assistant: Two']);
    for (const { messages } of scene.shown.slice(count)) expect(messages.length).toBeGreaterThan(0);
  });

  test('an edit and a fork whose thread is given from then on do not flicker', async () => {
    const server = await startServer([{ text: 'One' }, { text: 'Two' }]);
    const onThread = (threadId: string): void => scene.rerender({ threadId, onThread });
    const scene = showThread(server.client<Api>(), { onThread });
    await act(() => scene.now.send('Hi'));
    await idle(scene);
    const count = scene.shown.length;
    await act(() => scene.now.fork());
    await idle(scene);
    await act(() => scene.now.edit({ messageId: scene.now.messages[0]?.id ?? '', text: 'Hello' }));
    await eventually(() => expect(textsOf(scene.now)).toEqual(['user: Hello', 'assistant: Two']));
    for (const { status, messages } of scene.shown.slice(count)) {
      expect(status).not.toBe('loading');
      expect(messages.length).toBeGreaterThan(0);
    }
  });
});

describe('what can be done', () => {
  test('stop, while the message is still on its way', async () => {
    const until = deferred<void>();
    const server = await startServer([{ text: 'Long', until: until.promise }]);
    const held = deferred<void>();
    const scene = showThread(withHeldAnswers(server.client<Api>(), held.promise));
    act(() => void scene.now.send('Hi'));
    const stopped = scene.now.stop();
    held.resolve();
    await act(() => stopped);
    await idle(scene);
    expect(Object.values(scene.now.runs)[0]).toMatchObject({ status: 'cancelled' });
    // Nothing is at work.
    await act(() => scene.now.stop());
    expect(scene.now.error).toBeUndefined();
  });

  test('steer, and retry: what was said before is withdrawn', async () => {
    const until = deferred<void>();
    const server = await startServer([
      { text: 'One', until: until.promise, toolCalls: [{ name: 'nobody' }] },
      { text: 'Two' },
      { text: 'Better' },
    ]);
    const scene = showThread(server.client<Api>());
    await act(() => scene.now.send('Hi'));
    await eventually(() => expect(scene.now.status).toBe('running'));
    await act(() => scene.now.steer('Be brief'));
    until.resolve();
    await idle(scene);
    expect(textsOf(scene.now)).toEqual(['user: Hi', 'assistant: One', 'user: Be brief', 'assistant: Two']);
    const count = scene.shown.length;
    await act(() => scene.now.retry());
    await eventually(() => expect(scene.now.messages.at(-1)?.text).toBe('Better'));
    await idle(scene);
    expect(textsOf(scene.now).join()).not.toContain('Two');
    const statuses = scene.shown.slice(count).map(({ status }) => status);
    expect(statuses.slice(0, statuses.indexOf('running'))).not.toContain('idle');
  });

  test('retry in a fork answers the copied message again, and the answer to it once more', async () => {
    const server = await startServer([{ text: 'One' }, { text: 'Two' }, { text: 'Three' }]);
    const scene = showThread(server.client<Api>());
    await act(() => scene.now.send('Hi'));
    await idle(scene);
    const { threadId: original } = scene.now;
    await act(() => scene.now.fork());
    await eventually(() => expect(scene.now.threadId).not.toBe(original));
    await idle(scene);
    for (const answer of ['Two', 'Three']) {
      await act(() => scene.now.retry());
      await eventually(() => expect(textsOf(scene.now).join()).toContain(answer));
      await idle(scene);
      expect(textsOf(scene.now).filter((text) => !text.endsWith(': '))).toEqual(['user: Hi', `assistant: ${answer}`]);
    }
    expect(scene.now.error).toBeUndefined();
  });

  test('approvals and tools of the client are answered by what the messages show', async () => {
    const server = await startServer([
      { toolCalls: [{ name: 'pay', input: { amount: 5 } }] },
      { toolCalls: [{ name: 'pay', input: { amount: 50 } }] },
      { toolCalls: [{ name: 'ask', input: { what: 'color' } }] },
      { text: 'Done' },
    ]);
    const scene = showThread(server.client<Api>());
    await act(() => scene.now.send('Pay'));
    const lastCall = async (tool: string) => {
      await eventually(() => expect(scene.now).toMatchObject({ status: 'waiting' }));
      await eventually(() => expect(scene.now.messages.at(-1)).toMatchObject({ toolCalls: [{ tool, status: 'waiting' }] }));
      const message = scene.now.messages.at(-1);
      const call = message?.role === 'assistant' ? message.toolCalls[0] : undefined;
      if (call === undefined || call.rejected !== undefined) throw new Error('there is no call');
      return call;
    };
    const first = await lastCall('pay');
    if (first.tool === 'pay') await act(() => scene.now.approve(first, { input: { amount: first.input.amount + 1 } }));
    await eventually(() => expect(scene.now.messages.at(-1)).toMatchObject({ toolCalls: [{ input: { amount: 50 } }] }));
    await act(async () => scene.now.reject((await lastCall('pay')).callId, 'too much'));
    const third = await lastCall('ask');
    if (third.tool === 'ask') await act(() => scene.now.submitToolResult(third, { said: 'blue' }));
    await idle(scene);
    const outcomes = scene.now.messages.flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []));
    expect(outcomes).toMatchObject([
      { status: 'completed', editedInput: { amount: 6 }, output: { paid: 6 } },
      { status: 'failed', approval: { status: 'rejected', reason: 'too much' } },
      { status: 'completed', output: { said: 'blue' } },
    ]);
    await act(() => scene.now.approve(first.callId).catch(() => {}));
    expect(scene.now.error?.code).toBe('ALREADY_DECIDED');
  });

  test('of two decisions that are sent at once the first counts', async () => {
    const server = await startServer([{ toolCalls: [{ name: 'pay', input: { amount: 5 } }] }, { text: 'Done' }]);
    const scene = showThread(server.client<Api>());
    await act(() => scene.now.send('Pay'));
    await eventually(() => expect(scene.now.messages.at(-1)).toMatchObject({ toolCalls: [{ status: 'waiting' }] }));
    const message = scene.now.messages.at(-1);
    const callId = (message?.role === 'assistant' ? message.toolCalls[0]?.callId : undefined) ?? '';
    const decided = await act(() => Promise.allSettled([scene.now.approve(callId), scene.now.reject(callId, 'no')]));
    expect(decided).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'ALREADY_DECIDED' } }]);
    await idle(scene);
  });

  test('older messages come page by page, each once', async () => {
    const server = await startServer([{ text: 'Hello' }]);
    const client = server.client<Api>();
    const messages = Array.from({ length: 330 }, (_, i) => ({
      role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
      text: `${i}`,
    }));
    const { id: threadId } = await client.threads.create({ messages });
    const scene = showThread(client, { threadId });
    await eventually(() => expect(scene.now).toMatchObject({ hasEarlier: true, messages: { length: 200 } }));
    const newest = scene.now.messages.at(-1);
    for (let asked = 0; scene.now.hasEarlier && asked < 10; asked += 1) await act(() => scene.now.loadEarlier());
    await eventually(() => expect(scene.now.messages.map(({ text }) => text)).toEqual(messages.map(({ text }) => text)));
    expect(scene.now).toMatchObject({ hasEarlier: false, isLoadingEarlier: false });
    expect(scene.now.messages.at(-1)).toBe(newest);
  });
});
