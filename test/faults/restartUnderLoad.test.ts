import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { type AgentContract, createClient, type RunResult } from '../../src/client/index.node.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { FrameReader } from './frameReader.ts';
import { SseReader } from './sseReader.ts';
import { checkReading, checkRuns, readStoredLogs } from './storedLog.ts';

const CONFIG = fileURLToPath(new URL('restart.config.mjs', import.meta.url));
const THREADS = 20;
const RESTARTS = 4;

type Api = { readonly worker: AgentContract; readonly deaf: AgentContract };

test('four restarts under load, with 200 readers of both kinds on both transports: nothing missing, nothing double', async () => {
  await using folder = new CliFolder();
  // Less than a run takes: some end, some are left for the next start.
  const env = { EFFECTS: join(folder.path, 'effects.jsonl'), VERBATIM_LOG_LEVEL: 'silent', DRAIN_MS: '300' };
  const serve = (port: string) => folder.serve(['--config', CONFIG, '--db', 'v.db', '--port', port], env);
  let running = await serve('0');
  const { url } = running;
  const { port } = new URL(url);
  const sender = createClient<Api>({ url, timeoutMs: 120_000 });
  const readers = (['ws', 'ws', 'ws', 'sse', 'sse', 'sse'] as const).map((transport) => createClient<Api>({ url, transport }));
  const threads = await Promise.all(
    Array.from({ length: THREADS }, async (_, n) => {
      const { id } = await sender.threads.create({ title: `thread ${n}` });
      const leaving = new AbortController();
      const watches = readers.map((client) => {
        const events: AnyEvent[] = [];
        const reading = (async () => {
          for await (const event of client.thread(id).watch({ signal: leaving.signal })) events.push(event as AnyEvent);
        })();
        return { events, reading };
      });
      const frames = [1, 2].map(() => new FrameReader(url, { path: 'threads.watch', input: { threadId: id } }));
      const sse = [1, 2].map(() => new SseReader(url, id));
      return { id, n, leaving, watches, plain: [...frames, ...sse], all: [...watches, ...frames, ...sse] };
    }),
  );
  expect(threads.flatMap(({ all }) => all)).toHaveLength(200);

  let sending = true;
  const results: RunResult[] = [];
  const working = threads.map(async ({ id, n }) => {
    for (let i = 1; sending; i++) {
      const run = await sender.send({ agent: 'worker', text: `job ${n}-${i}`, threadId: id });
      results.push(await run.result());
    }
  });
  for (let restart = 0; restart < RESTARTS; restart++) {
    const seen = threads.map(({ all }) => all.map(({ events }) => events.length));
    // Everybody is back, and reads.
    await vi.waitFor(
      () => {
        for (const [i, { all }] of threads.entries()) {
          for (const [j, { events }] of all.entries()) expect(events.length).toBeGreaterThan(seen[i]?.[j] ?? 0);
        }
      },
      { timeout: 60_000, interval: 50 },
    );
    running.command.kill('SIGTERM');
    expect(await running.command.exited).toEqual({ code: 0, signal: null });
    const wal = join(folder.path, 'v.db-wal');
    expect(existsSync(wal) ? statSync(wal).size : 0).toBe(0);
    running = await serve(port);
  }
  sending = false;
  await Promise.all(working);
  const heads = new Map(await Promise.all(threads.map(async ({ id }) => [id, (await sender.threads.get({ threadId: id })).head] as const)));
  await vi.waitFor(
    () => {
      for (const { id, all } of threads) for (const { events } of all) expect(events.at(-1)?.seq).toBe(heads.get(id));
    },
    { timeout: 60_000, interval: 50 },
  );
  for (const { leaving, plain } of threads) {
    leaving.abort();
    for (const reader of plain) reader.close();
  }
  await Promise.all(threads.flatMap(({ watches }) => watches.map(({ reading }) => reading)));
  await Promise.all([sender, ...readers].map((client) => client.close()));
  running.command.kill('SIGTERM');
  expect(await running.command.exited).toEqual({ code: 0, signal: null });

  const logs = readStoredLogs(join(folder.path, 'v.db'));
  for (const { id, all, plain } of threads) {
    const log = logs.get(id);
    if (log === undefined) throw new Error(`${id} is not in the file`);
    for (const [i, { events }] of all.entries()) {
      expect(checkReading(log, { who: `reader ${i} of ${id}`, events })).toBe(log.events.length);
    }
    for (const { connections } of plain) expect(connections).toBe(RESTARTS + 1);
    for (const ending of checkRuns(log)) expect(ending.type).toBe('run.completed');
  }
  expect(results.map(({ status }) => status)).toEqual(results.map(() => 'completed'));
  const resumed = [...logs.values()].flatMap(({ events }) =>
    events.flatMap((event) => (event.type === 'run.resumed' ? [event.reason] : [])),
  );
  expect(new Set(resumed)).toEqual(new Set(['shutdown']));
}, 300_000);

test('a tool that hears no signal does not keep the process; its run goes on at the next start', async () => {
  await using folder = new CliFolder();
  const args = ['--config', CONFIG, '--db', 'v.db'];
  const first = await folder.serve(args, { DRAIN_MS: '200' });
  const client = createClient<Api>({ url: first.url });
  try {
    const run = await client.send({ agent: 'deaf', text: 'call' });
    for await (const event of run) if (event.type === 'tool.called') break;
    const atMs = performance.now();
    first.command.kill('SIGTERM');
    expect(await first.command.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - atMs).toBeLessThan(5_000);
    const { command } = await folder.serve([...args, '--port', new URL(first.url).port], { DRAIN_MS: '200' });
    const events: string[] = [];
    for await (const event of client.run(run.id)) {
      events.push(event.type);
      if (event.type === 'run.resumed') break;
    }
    expect(events.at(-1)).toBe('run.resumed');
    command.kill('SIGTERM');
    expect((await command.exited).code).toBe(0);
  } finally {
    await client.close();
  }
}, 30_000);
