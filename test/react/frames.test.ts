import './page.ts';
import { act, render } from '@testing-library/react';
import { createElement, memo, Profiler, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client, MessageOf } from '../../src/client/index.ts';
import { type Shown, useThread, VerbatimProvider } from '../../src/react/index.ts';
import { type Api, eventually, startServer } from './scene.ts';

/** Frames come when the test says so. */
const frames = new Map<number, (at: number) => void>();
const { requestAnimationFrame: ask, cancelAnimationFrame: cancel } = globalThis;
let asked = 0;
beforeEach(() => {
  globalThis.requestAnimationFrame = (run) => {
    frames.set(++asked, run);
    return asked;
  };
  globalThis.cancelAnimationFrame = (id) => void frames.delete(id);
});
afterEach(() => {
  globalThis.requestAnimationFrame = ask;
  globalThis.cancelAnimationFrame = cancel;
  frames.clear();
});

const frame = (): void =>
  act(() => {
    const now = [...frames.values()];
    frames.clear();
    for (const run of now) run(performance.now());
  });

type Message = MessageOf<Api> & Shown;

/** A plain list of rows that React need not render again when their message is the same. */
function showRows(client: Client<Api>, threadId: string) {
  const rows = new Map<string, number>();
  const commits: number[] = [];
  const lists: (readonly Message[])[] = [];
  const Row = memo(({ message }: { readonly message: Message }): ReactNode => {
    rows.set(message.id, (rows.get(message.id) ?? 0) + 1);
    return createElement('p', null, message.text);
  });
  const List = (): ReactNode => {
    const { messages } = useThread<Api>({ agent: 'helper', threadId });
    lists.push(messages);
    return messages.map((message) => createElement(Row, { key: message.key, message }));
  };
  const list = createElement(Profiler, { id: 'list', onRender: () => void commits.push(1) }, createElement(List));
  const { container, rerender } = render(createElement(VerbatimProvider<Api>, { client }, list));
  const again = (): void =>
    rerender(
      createElement(VerbatimProvider<Api>, { client }, createElement(Profiler, { id: 'list', onRender: () => {} }, createElement(List))),
    );
  return { rows, commits, lists, container, again };
}

test('what comes between two frames shows once, and a finished message is not rendered again', async () => {
  const words = Array.from({ length: 200 }, (_, i) => `w${i} `);
  const server = await startServer([{ text: words.join(''), chunks: words, delayMs: 1 }]);
  const client = server.client<Api>();
  const { id: threadId } = await client.threads.create({
    messages: Array.from({ length: 100 }, (_, i) => ({ role: i % 2 === 0 ? ('user' as const) : ('assistant' as const), text: `${i}` })),
  });
  const list = showRows(client, threadId);
  await eventually(() => {
    frame();
    expect(list.rows.size).toBe(100);
  });
  const finished = new Map(list.rows);
  const before = list.commits.length;

  let deltas = 0;
  const startedAt = performance.now();
  const run = await client.send({ agent: 'helper', threadId, text: 'Go' });
  let framed = 0;
  for await (const { type } of run) {
    if (type !== 'text.delta') continue;
    deltas += 1;
    if (deltas % 50 !== 0) continue;
    frame();
    framed += 1;
  }
  expect(deltas).toBeGreaterThan(100);
  // On a machine that is busy there are pauses without a frame, which are taken for a page that is not seen.
  const pauses = Math.ceil((performance.now() - startedAt) / 250);
  expect(list.commits.length - before).toBeLessThanOrEqual(framed + pauses);
  expect(framed + pauses).toBeLessThan(deltas / 2);
  await eventually(() => {
    frame();
    expect(list.container.textContent).toContain(words.join(''));
  });
  for (const [id, count] of finished) expect(list.rows.get(id)).toBe(count);
  // Rendered for another reason, there is nothing new.
  const newest = list.lists.at(-1);
  const { length } = list.lists;
  list.again();
  expect(list.lists.length).toBeGreaterThan(length);
  expect(list.lists.at(-1)).toBe(newest);
});

test('where no frames come, as on a page that is not seen, it is shown all the same', async () => {
  const server = await startServer([{ text: 'Hello' }]);
  const client = server.client<Api>();
  const { threadId } = await client.send({ agent: 'helper', text: 'Hi' });
  const { container } = showRows(client, threadId);
  await eventually(() => expect(container.textContent).toBe('HiHello'));
  expect(frames.size).toBe(0);
});
