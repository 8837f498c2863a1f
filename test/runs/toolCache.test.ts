import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { CacheKeyContext, ToolCache } from '../../src/agents/toolPolicy.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { askingAgent, serveTool } from './askedTool.ts';
import { eventsOf, gate, until } from './runSupport.ts';

checkLeaks();

const HOUR_MS = 60 * 60_000;

/** Reads something, and counts how often. */
function readingTool(cache: Partial<ToolCache<{ q: string }>> = {}, act: (times: number, signal: AbortSignal) => unknown = () => {}) {
  const reads: string[] = [];
  const tool = defineTool({
    name: 'read',
    description: '',
    input: z.object({ q: z.string(), page: z.number().optional() }),
    output: z.object({ found: z.string() }),
    cache: { ttlMs: HOUR_MS, ...cache },
    execute: async ({ q }, { signal }) => {
      reads.push(q);
      const said = await act(reads.length, signal);
      return { found: typeof said === 'string' ? said : `${q} ${reads.length}` };
    },
  });
  return { tool, reads };
}

test('a result is given again for the same input, as an event like any other', async () => {
  const { tool, reads } = readingTool();
  await using asking = await serveTool(tool);
  expect((await asking.ask({ q: 'a', page: 1 })).output).toEqual({ found: 'a 1' });
  const again = await asking.ask({ page: 1, q: 'a' });
  expect(again.output).toEqual({ found: 'a 1' });
  expect(again.events.map((event) => event.type)).toContain('tool.completed');
  expect((await asking.ask({ q: 'a', page: 2 })).output).toEqual({ found: 'a 2' });
  expect(reads).toEqual(['a', 'a']);
});

test('it holds for ttlMs', async () => {
  const clock = createManualClock();
  const { tool, reads } = readingTool({ ttlMs: 60_000 });
  await using asking = await serveTool(tool, { clock });
  await asking.ask({ q: 'a' });
  await clock.advance(59_999);
  await asking.ask({ q: 'a' });
  expect(reads).toHaveLength(1);
  await clock.advance(1);
  await asking.ask({ q: 'a' });
  expect(reads).toHaveLength(2);
});

test('a failure is never kept', async () => {
  const { tool, reads } = readingTool({}, (times) => {
    if (times === 1) throw new Error('down');
  });
  await using asking = await serveTool(tool);
  expect((await asking.ask({ q: 'a' })).error).toMatchObject({ message: 'down' });
  expect((await asking.ask({ q: 'a' })).output).toEqual({ found: 'a 2' });
  expect(reads).toHaveLength(2);
});

describe('of the same calls at the same time', () => {
  test('one is carried out, and the others get what came of it', async () => {
    const held = gate();
    const { tool, reads } = readingTool({}, () => held.opened);
    await using asking = await serveTool(tool);
    const runs = await Promise.all([1, 2, 3].map(() => asking.send({ q: 'a' })));
    await Promise.all(runs.map((run) => until(run, 'tool.called')));
    held.open();
    for (const run of runs) {
      expect((await eventsOf(run)).find((event) => event.type === 'tool.completed')).toMatchObject({ output: { found: 'a 1' } });
    }
    expect(reads).toEqual(['a']);
  });

  test('when the one is cancelled, another is carried out for those who wait', async () => {
    const held = gate();
    const { tool, reads } = readingTool({}, (times, signal) =>
      times > 1
        ? held.opened
        : new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
    );
    await using asking = await serveTool(tool);
    const first = await asking.send({ q: 'a' });
    await until(first, 'tool.called');
    const others = await Promise.all([asking.send({ q: 'a' }), asking.send({ q: 'a' })]);
    await Promise.all(others.map((run) => until(run, 'tool.called')));
    await first.cancel();
    await vi.waitFor(() => expect(reads).toHaveLength(2));
    held.open();
    for (const run of others) expect(await run.result()).toMatchObject({ status: 'completed' });
    expect(await first.result()).toMatchObject({ status: 'cancelled' });
    expect(reads).toHaveLength(2);
  });

  test('one that waits for another is cancelled at once', async () => {
    const held = gate();
    const { tool } = readingTool({}, () => held.opened);
    await using asking = await serveTool(tool);
    const first = await asking.send({ q: 'a' });
    await until(first, 'tool.called');
    const second = await asking.send({ q: 'a' });
    await until(second, 'tool.called');
    await second.cancel();
    expect(await second.result()).toMatchObject({ status: 'cancelled' });
    held.open();
    expect(await first.result()).toMatchObject({ status: 'completed' });
  });
});

describe('a result is given to whom its scope allows', () => {
  const ann = { id: 'ann' };
  const bob = { id: 'bob' };
  type Ask = Awaited<ReturnType<typeof serveTool>>['ask'];

  const readsOf = async (scope: ToolCache['scope'], asks: (ask: Ask) => Promise<unknown>): Promise<number> => {
    const { tool, reads } = readingTool(scope === undefined ? {} : { scope });
    await using asking = await serveTool(tool);
    await asks(asking.ask);
    return reads.length;
  };
  const twoPrincipals = async (ask: Ask): Promise<void> => {
    for (const principal of [ann, bob, ann]) await ask({ q: 'a' }, { principal });
  };
  const twoThreads = async (ask: Ask): Promise<void> => {
    await ask({ q: 'a' });
    await ask({ q: 'a' });
  };

  test.each([
    [undefined, 2],
    ['principal', 2],
    ['everyone', 1],
  ] as const)('%s: two principals read %d times', async (scope, times) => {
    expect(await readsOf(scope, twoPrincipals)).toBe(times);
  });

  test.each([
    ['principal', 1],
    ['thread', 2],
    ['run', 2],
  ] as const)('%s: two threads read %d times', async (scope, times) => {
    expect(await readsOf(scope, twoThreads)).toBe(times);
  });

  test.each([
    ['thread', 1],
    ['run', 2],
  ] as const)('%s: two runs of a thread read %d times', async (scope, times) => {
    const { tool, reads } = readingTool({ scope });
    await using asking = await serveTool(tool);
    const first = await asking.send({ q: 'a' });
    await first.result();
    await asking.ask({ q: 'a' }, { threadId: first.threadId });
    expect(reads).toHaveLength(times);
  });

  test('never from one agent to another, nor to a principal with other scopes', async () => {
    const { tool, reads } = readingTool();
    await using asking = await serveTool(tool);
    await asking.ask({ q: 'a' }, { principal: { ...ann, scopes: ['read'] } });
    await asking.ask({ q: 'a' }, { principal: { ...ann, scopes: ['read'] }, agent: 'other' });
    await asking.ask({ q: 'a' }, { principal: { ...ann, scopes: ['read', 'secret'] } });
    expect(reads).toHaveLength(3);
  });
});

test('a key of its own says which calls are the same', async () => {
  const key = vi.fn(({ q }: { q: string }, { principal }: CacheKeyContext) => `${principal.id} ${q.toLowerCase()}`);
  const { tool, reads } = readingTool({ key: key as never });
  await using asking = await serveTool(tool);
  await asking.ask({ q: 'A', page: 1 });
  await asking.ask({ q: 'a', page: 2 });
  expect(reads).toEqual(['A']);
  expect(key).toHaveBeenCalledWith(
    { q: 'a', page: 2 },
    expect.objectContaining({ agent: 'bot', principal: { id: 'local', roles: ['admin'] } }),
  );
});

test('the context of the send is part of the key', async () => {
  const { tool, reads } = readingTool();
  const agent = askingAgent(tool, { contextInput: z.object({ shop: z.string() }) });
  await using asking = await serveTool(tool, { agents: { bot: agent } });
  for (const shop of ['north', 'south', 'north']) await asking.ask({ q: 'a' }, { context: { shop } });
  expect(reads).toHaveLength(2);
});

test('maxCachedToolResults are kept, and the one that was not used for longest goes', async () => {
  const { tool, reads } = readingTool();
  await using asking = await serveTool(tool, { limits: { maxCachedToolResults: 2 } });
  for (const q of ['a', 'b', 'a', 'c', 'a', 'b']) await asking.ask({ q });
  expect(reads).toEqual(['a', 'b', 'c', 'b']);
});

describe('a second layer', () => {
  const layerOf = (kept = new Map<string, unknown>()) => ({
    kept,
    get: async (key: string): Promise<unknown> => kept.get(key),
    set: async (key: string, value: unknown) => void kept.set(key, value),
    delete: async (key: string) => kept.delete(key),
    clear: async () => kept.clear(),
  });

  test('gives another server the results', async () => {
    const layer = layerOf();
    const { tool, reads } = readingTool();
    {
      await using asking = await serveTool(tool, { toolCache: layer });
      await asking.ask({ q: 'secret' });
    }
    await using asking = await serveTool(tool, { toolCache: layer });
    expect((await asking.ask({ q: 'secret' })).output).toEqual({ found: 'secret 1' });
    expect(reads).toHaveLength(1);
    expect([...layer.kept.keys()].join()).not.toContain('secret');
  });

  test('that fails, or does not answer, is a miss', async () => {
    const clock = createManualClock();
    const { tool, reads } = readingTool();
    const warn = vi.fn();
    const broken = {
      ...layerOf(),
      get: () => Promise.reject(new Error('no redis')),
      set: () => Promise.reject(new Error('no redis')),
    };
    {
      const logger = { info: () => {}, warn, error: () => {} };
      await using asking = await serveTool(tool, { toolCache: broken, logger });
      expect((await asking.ask({ q: 'a' })).output).toEqual({ found: 'a 1' });
      expect((await asking.ask({ q: 'a' })).output).toEqual({ found: 'a 1' });
      expect(warn).toHaveBeenCalledWith(
        expect.objectContaining({ err: expect.objectContaining({ message: 'no redis' }) }),
        expect.any(String),
      );
    }
    const silent = { ...layerOf(), get: () => new Promise(() => {}) };
    await using asking = await serveTool(tool, { toolCache: silent, clock });
    const asked = asking.ask({ q: 'b' });
    await vi.waitFor(async () => {
      await clock.advance(1_000);
      expect(reads).toContain('b');
    });
    expect((await asked).output).toEqual({ found: 'b 2' });
  });
});

test('a cached tool is called again after a crash: it only reads', async () => {
  const held = gate();
  const { tool, reads } = readingTool({}, (times, signal) =>
    times > 1 ? 'again' : Promise.race([held.opened, new Promise((_, reject) => signal.addEventListener('abort', reject))]),
  );
  await using asking = await serveTool(tool);
  const run = await asking.send({ q: 'a' });
  await vi.waitFor(() => expect(reads).toHaveLength(1));
  await asking.server.crash();
  expect((await eventsOf(run)).find((event) => event.type === 'tool.completed')).toMatchObject({ output: { found: 'again' } });
  expect(reads).toHaveLength(2);
});
