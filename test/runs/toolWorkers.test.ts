import { writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool, type ToolContext, toolFile } from '../../src/agents/defineTool.ts';
import { openToolHost } from '../../src/agents/toolHost.ts';
import { systemClock } from '../../src/protocol/clock.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { createManualClock, scriptedModel } from '../../src/testing/index.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { serveTool } from './askedTool.ts';
import { eventsOf, until } from './runSupport.ts';
import { repeatable, work } from './workerTools.ts';

checkLeaks();

/** A thread that loads the package from its source compiles all of it. */
const COMPILING_MS = 90_000;

const serveWork = (options: Parameters<typeof serveTool>[1] = {}) => serveTool(work, { toolWorkers: 1, ...options });

test('a tool is carried out in another thread, with its call, run, thread, agent and principal', async () => {
  await using asking = await serveWork();
  const ann = { id: 'ann', scopes: ['read'] };
  const { output, events } = await asking.ask({ act: 'who' }, { principal: ann });
  const called = events.find((event) => event.type === 'tool.called');
  const { said } = output as { said: string };
  expect(JSON.parse(said)).toEqual({
    callId: called?.type === 'tool.called' && called.callId,
    runId: called?.type === 'tool.called' && called.runId,
    threadId: expect.stringMatching(/^thr/),
    agent: 'bot',
    principal: ann,
    aborted: false,
    pid: process.pid,
  });
});

test('while it computes, this thread does not stand still', async () => {
  await using asking = await serveWork();
  // The worker is started and has loaded the module.
  await asking.ask({ act: 'warm' });
  let longestMs = 0;
  let before = performance.now();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - before);
    before = performance.now();
  }, 5);
  const { output } = await asking.ask({ act: 'compute', ms: 1_000 });
  clearInterval(timer);
  expect(output).toEqual({ said: 'computed' });
  expect(longestMs).toBeLessThan(900);
});

test.runIf(process.platform === 'linux')('it takes the processor only where this thread leaves it', async () => {
  await using asking = await serveWork();
  const ours = getPriority();
  expect((await asking.ask({ act: 'priority' })).output).toEqual({ said: '10' });
  expect(getPriority()).toBe(ours);
});

test('what it tells on the way is told before its outcome', async () => {
  await using asking = await serveWork();
  await asking.ask({ act: 'warm' });
  // All of it is there before this thread looks, and its outcome too.
  const busy = setInterval(() => {
    for (const end = performance.now() + 30; performance.now() < end; );
  });
  const { events } = await asking.ask({ act: 'talk' });
  clearInterval(busy);
  const told = events.filter((event) => ['run.status', 'tool.progress', 'tool.completed'].includes(event.type));
  expect(told).toMatchObject([
    { type: 'run.status', text: 'working' },
    { type: 'tool.progress', data: { part: 1 } },
    { type: 'tool.progress', data: { part: 5 } },
    { type: 'tool.completed', output: { said: 'talked' } },
  ]);
});

describe('what goes wrong in a worker fails the call', () => {
  test.each<[act: string, error: object]>([
    ['throw', { code: 'TOOL_FAILED', message: 'out of stock' }],
    ['typed', { code: 'BAD_INPUT', message: 'There is no such order.' }],
    ['mistalk', { code: 'TOOL_FAILED', message: expect.stringContaining('does not fit its schema') }],
    ['bad', { code: 'TOOL_BAD_OUTPUT' }],
    ['function', { code: 'TOOL_BAD_OUTPUT' }],
    ['context', { code: 'TOOL_FAILED', message: expect.stringContaining('there is no `context` there') }],
    ['memory', { code: 'TOOL_FAILED', message: expect.stringContaining('there is no `memory` there') }],
    ['exit', { code: 'OUTCOME_UNKNOWN', message: expect.stringContaining('It is not known whether the call was carried out') }],
    ['uncaught', { code: 'OUTCOME_UNKNOWN' }],
  ])('%s', async (act, error) => {
    await using asking = await serveWork();
    expect((await asking.ask({ act })).error).toMatchObject(error);
    // The thread, or the one that took its place, goes on.
    expect((await asking.ask({ act: 'next' })).output).toEqual({ said: 'next' });
  });

  test('retry.when is asked about what it threw, with its code', async () => {
    const when = vi.fn((): boolean => false);
    await using asking = await serveTool({ ...work, retry: { maxAttempts: 2, when } }, { toolWorkers: 1 });
    await asking.ask({ act: 'throw' });
    expect(when).toHaveBeenCalledWith(expect.objectContaining({ message: 'out of stock', code: 'E_STOCK' }));
    when.mockClear();
    await asking.ask({ act: 'exit' });
    expect(when).not.toHaveBeenCalled();
  });

  test('of an idempotent tool a dead thread is a failure that may be tried again', async () => {
    const when = vi.fn((): boolean => true);
    await using asking = await serveTool({ ...repeatable, retry: { maxAttempts: 2, initialDelayMs: 1, when } }, { toolWorkers: 1 });
    expect((await asking.ask({ act: '' })).error).toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('ended in the middle'),
    });
    expect(when).toHaveBeenCalledTimes(1);
  });

  test('one that needs more memory than maxToolWorkerBytes fails, and the others live', async () => {
    await using asking = await serveWork({ toolWorkers: 2, limits: { maxToolWorkerBytes: 64 * 1024 * 1024 } });
    const other = asking.send({ act: 'wait' });
    await until(await other, 'run.status');
    expect((await asking.ask({ act: 'fill' })).error).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringContaining('out of memory'),
    });
    expect((await asking.ask({ act: 'next' })).output).toEqual({ said: 'next' });
    await (await other).cancel();
    const failed = (await eventsOf(await other)).find((event) => event.type === 'tool.failed');
    expect(failed).toMatchObject({ error: { code: 'CANCELLED' } });
  });
});

describe('a call that is stopped', () => {
  test('hears of it in its thread', async () => {
    const clock = createManualClock();
    await using asking = await serveWork({ clock });
    const run = await asking.send({ act: 'wait' });
    await until(run, 'run.status');
    await run.cancel();
    // No time passes: it stopped by itself, and its thread takes the next call.
    expect(await run.result()).toMatchObject({ status: 'cancelled' });
    expect((await asking.ask({ act: 'next' })).output).toEqual({ said: 'next' });
  });

  test('a tool that does not stop when its call took too long is ended with its thread, after the grace', async () => {
    const clock = createManualClock();
    await using asking = await serveWork({ clock, limits: { toolWorkerGraceMs: 5_000 } });
    const run = await asking.send({ act: 'deaf' });
    await until(run, 'run.status');
    await clock.advance(15_000);
    await until(run, 'tool.failed');
    const next = asking.ask({ act: 'next' });
    await clock.advance(4_999);
    expect(asking.server.stats.activeRuns).toBe(1);
    await clock.advance(1);
    expect((await next).output).toEqual({ said: 'next' });
    expect((await eventsOf(run)).find((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'TOOL_TIMEOUT' } });
  });

  test('of a cancelled run does not hold it for the grace of the run', async () => {
    const clock = createManualClock();
    await using asking = await serveWork({ clock });
    const run = await asking.send({ act: 'deaf' });
    await until(run, 'run.status');
    await run.cancel();
    await clock.advance(1_000);
    expect(await run.result()).toMatchObject({ status: 'cancelled' });
    const failed = (await eventsOf(run)).find((event) => event.type === 'tool.failed');
    expect(failed).toMatchObject({ error: { code: 'CANCELLED', message: expect.stringContaining('not known') } });
  });

  test('while it waits for a thread was not carried out', async () => {
    await using asking = await serveWork();
    const first = await asking.send({ act: 'wait' });
    await until(first, 'run.status');
    const second = await asking.send({ act: 'exit' });
    await until(second, 'tool.called');
    await second.cancel();
    const failed = (await eventsOf(second)).find((event) => event.type === 'tool.failed');
    expect(failed).toMatchObject({ error: { code: 'CANCELLED', message: expect.stringContaining('not carried out') } });
    await first.cancel();
    await first.result();
  });
});

test('there are as many threads as toolWorkers; more calls wait, and waiting is not their time', async () => {
  const clock = createManualClock();
  await using asking = await serveWork({ toolWorkers: 2, clock });
  const first = [await asking.send({ act: 'wait' }), await asking.send({ act: 'wait' })];
  for (const run of first) await until(run, 'run.status');
  const third = await asking.send({ act: 'third' });
  await until(third, 'tool.called');
  await clock.advance(14_999);
  for (const run of first) await run.cancel();
  expect((await eventsOf(third)).find((event) => event.type === 'tool.completed')).toMatchObject({ output: { said: 'third' } });
});

test('a server that closes ends its threads, whatever they do', async () => {
  const asking = await serveWork();
  const run = await asking.send({ act: 'deaf' });
  await until(run, 'run.status');
  await asking.server.restart({ agents: { other: defineAgent({ description: 'other', model: scriptedModel([]) }) } });
  await asking[Symbol.asyncDispose]();
});

test('a file comes back whole', async () => {
  const host = openToolHost({ clock: systemClock, limits: DEFAULT_LIMITS, threads: 1, report: () => {} });
  const { signal } = new AbortController();
  const place = await host.threads.take(signal);
  const context = { callId: 'c', runId: 'r', threadId: 't', agent: 'bot', principal: { id: 'ann' }, signal } as ToolContext;
  if (place === undefined || work.worker === undefined) throw new Error('there is no place');
  const result = await host.threads.run(work, work.worker, { input: { act: 'file' }, context }, place);
  expect(result).toEqual(toolFile(new Uint8Array([1, 2, 3]), { type: 'application/x-test', name: 'three' }));
  await host.close();
});

describe('a module', () => {
  const moduleTool = (name: string, text: string) => {
    const file = join(tempFolder(), name);
    writeFileSync(file, text);
    return defineTool({
      name: 'made',
      description: '',
      input: z.object({}),
      output: z.string(),
      worker: true,
      module: pathToFileURL(file).href,
      execute: () => 'here',
    });
  };
  const made = (execute: string, extra = '') => `import { z } from 'zod';
import { createServer, defineTool } from 'verbatim-agents';
${extra}
export const made = defineTool({ name: 'made', description: '', input: z.object({}), output: z.string(), execute: ${execute} });`;

  test.each(['tool.ts', 'tool.mjs'])(
    '%s imports this package, installed beside it or not',
    async (name) => {
      await using asking = await serveTool(moduleTool(name, made("() => 'there'")), { toolWorkers: 1 });
      expect((await asking.ask()).output).toBe('there');
    },
    COMPILING_MS,
  );

  test.each<[name: string, text: string, logged: RegExp]>([
    ['does not export the tool', 'export const other = 1;', /does not export the tool made/],
    ['cannot be loaded', "throw new Error('at /srv/app/secret');", /at \/srv\/app\/secret/],
    ['starts a server', made("() => 'there'", 'await createServer({ agents: {} });'), /Put the tool into a module of its own/],
  ])(
    'that %s fails the call, and the log says why',
    async (_name, text, logged) => {
      const warn = vi.fn();
      const logger = { info: () => {}, warn, error: () => {} };
      await using asking = await serveTool(moduleTool('tool.ts', text), { toolWorkers: 1, logger });
      const { error } = await asking.ask();
      expect(error).toMatchObject({ code: 'TOOL_FAILED', message: expect.stringContaining('could not be loaded') });
      expect(error?.message).not.toContain('secret');
      // And once more as the failure of the call.
      expect(warn.mock.calls[0]).toEqual([
        expect.objectContaining({ err: expect.objectContaining({ stack: expect.stringMatching(logged) }) }),
        expect.any(String),
      ]);
      expect(warn.mock.calls).toHaveLength(2);
    },
    COMPILING_MS,
  );
});

test('a number of threads that cannot be is refused', async () => {
  await expect(serveWork({ toolWorkers: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
