import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { type AgentContract, createClient, emptyThread, type RunResult, reduceThread } from '../../src/client/index.node.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { FrameReader } from './frameReader.ts';
import { seededRandom } from './seededRandom.ts';
import { checkReading, checkRuns, readStoredLogs, type StoredLog } from './storedLog.ts';

const CONFIG = fileURLToPath(new URL('killNine.config.mjs', import.meta.url));
const THREADS = 20;
const KILLS = 25;
const SEED = 20_261_121;

type Api = { readonly worker: AgentContract };

const count = Array.from({ length: 20 }, (_, i) => ` ${i + 1}`).join('');
const answerTo = (job: string): string => `${job}.3:${count}`;

interface Effect {
  readonly tool: 'note' | 'pay';
  readonly callId: string;
  readonly at: number;
}

function effectsIn(file: string): readonly Effect[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Effect);
}

/** Which calls the log says were carried out more often than its promises allow. */
function brokenPromises(logs: Iterable<StoredLog>, effects: readonly Effect[]): readonly string[] {
  const madeOf = new Map<string, Effect[]>();
  for (const effect of effects) madeOf.set(effect.callId, [...(madeOf.get(effect.callId) ?? []), effect]);
  return [...logs].flatMap(({ events }) =>
    events.flatMap((event) => {
      if (event.type !== 'tool.completed' && event.type !== 'tool.failed') return [];
      const made = madeOf.get(event.callId) ?? [];
      const late = made.filter(({ at }) => at > event.at).map(() => `${event.callId} was made again after it had finished`);
      if (event.type === 'tool.completed' && made.length === 0) return [`${event.callId} was never made`];
      return event.tool === 'pay' && made.length > 1 ? [...late, `${event.callId} was made ${made.length} times`] : late;
    }),
  );
}

test(`kill -9 at ${KILLS} moments under load: nothing missing, nothing double, nothing seen that is not in the file`, async () => {
  await using folder = new CliFolder();
  const random = seededRandom(SEED);
  const env = { EFFECTS: join(folder.path, 'effects.jsonl'), MAX_ATTEMPTS: '100', VERBATIM_LOG_LEVEL: 'silent' };
  const serve = (port: string) => folder.serve(['--config', CONFIG, '--db', 'v.db', '--port', port], env);
  let running = await serve('0');
  const { url } = running;
  const { port } = new URL(url);

  const clients = (['ws', 'ws', 'sse'] as const).map((transport) =>
    createClient<Api>({ url, transport, random: () => random() / 20, timeoutMs: 120_000 }),
  );
  const [sender, overWs, overSse] = clients;
  if (sender === undefined || overWs === undefined || overSse === undefined) throw new Error('three clients');
  const threads = await Promise.all(
    Array.from({ length: THREADS }, async (_, n) => {
      const { id } = await sender.threads.create({ title: `thread ${n}` });
      const leaving = new AbortController();
      const watches = [overWs, overSse].map((client) => {
        const events: AnyEvent[] = [];
        const watch = client.thread(id).watch({ signal: leaving.signal });
        const reading = (async () => {
          for await (const event of watch) events.push(event as AnyEvent);
        })();
        return { events, reading };
      });
      return { id, n, leaving, watches, frames: new FrameReader(url, { path: 'threads.watch', input: { threadId: id } }) };
    }),
  );

  let sending = true;
  const results: { readonly job: string; readonly result: RunResult }[] = [];
  // Two at a time, so that the next one waits when one ends: no thread is idle when the server dies.
  const working = [...threads, ...threads].map(async ({ id, n }, lane) => {
    for (let i = 1; sending; i++) {
      const job = `job ${n}-${lane}-${i}`;
      const run = await sender.send({ agent: 'worker', text: job, threadId: id });
      results.push({ job, result: await run.result() });
    }
  });
  for (let kill = 0; kill < KILLS; kill++) {
    const seen = threads.map(({ frames }) => frames.events.length);
    await vi.waitFor(
      () => expect(threads.filter(({ frames }, i) => frames.events.length > (seen[i] ?? 0)).length).toBeGreaterThan(THREADS / 2),
      {
        timeout: 10_000,
      },
    );
    await pause(random() * 400);
    running.command.kill('SIGKILL');
    await running.command.exited;
    running = await serve(port);
  }
  sending = false;
  await Promise.all(working);
  const heads = new Map(await Promise.all(threads.map(async ({ id }) => [id, (await sender.threads.get({ threadId: id })).head] as const)));
  await vi.waitFor(
    () => {
      for (const { id, watches, frames } of threads) {
        for (const { events } of [...watches, frames]) expect(events.at(-1)?.seq).toBe(heads.get(id));
      }
    },
    { timeout: 10_000 },
  );
  for (const { leaving } of threads) leaving.abort();
  await Promise.all(threads.flatMap(({ watches }) => watches.map(({ reading }) => reading)));
  for (const { frames } of threads) frames.close();
  await Promise.all(clients.map((client) => client.close()));
  running.command.kill('SIGKILL');
  await running.command.exited;

  const logs = readStoredLogs(join(folder.path, 'v.db'));
  expect(logs.size).toBe(THREADS);
  const all = [...logs.values()].flatMap(({ events }) => events);
  for (const { id, watches, frames } of threads) {
    const log = logs.get(id);
    if (log === undefined) throw new Error(`${id} is not in the file`);
    for (const [i, { events }] of [...watches, frames].entries()) {
      const last = checkReading(log, { who: `${['ws', 'sse', 'frames'][i]} of ${id}`, events });
      expect(last).toBe(log.events.length);
      const { messages } = events.reduce(reduceThread, emptyThread);
      const said = messages.flatMap((message) => (message.role === 'assistant' && message.status !== 'discarded' ? [message.text] : []));
      const jobs = messages.flatMap((message) => (message.role === 'user' ? [message.text] : []));
      expect(said).toEqual(jobs.flatMap((job) => [1, 2, 3].map((step) => `${job}.${step}:${count}`)));
    }
    for (const ending of checkRuns(log)) expect(ending.type).toBe('run.completed');
  }
  for (const { job, result } of results) expect(result).toMatchObject({ status: 'completed', text: answerTo(job) });

  const effects = effectsIn(env.EFFECTS);
  expect(brokenPromises(logs.values(), effects)).toEqual([]);
  // The kills hit: text was withdrawn, calls were lost, idempotent ones made again, and every reader came back each time.
  expect(results.length).toBeGreaterThan(THREADS);
  expect(all.filter(({ type }) => type === 'message.discarded').length).toBeGreaterThan(4 * KILLS);
  expect(all.some((event) => event.type === 'tool.failed' && event.error.code === 'OUTCOME_UNKNOWN')).toBe(true);
  expect(new Set(effects.map(({ callId }) => callId)).size).toBeLessThan(effects.length);
}, 120_000);

test('a run that is killed at each of its attempts fails with INTERRUPTED, and its thread goes on', async () => {
  await using folder = new CliFolder();
  const env = { EFFECTS: join(folder.path, 'effects.jsonl'), VERBATIM_LOG_LEVEL: 'silent' };
  const serve = (port: string) => folder.serve(['--config', CONFIG, '--db', 'v.db', '--port', port], env);
  let running = await serve('0');
  const client = createClient<Api>({ url: running.url, random: () => 0.2 });
  try {
    const run = await client.send({ agent: 'worker', text: 'slow' });
    const deltas = new Map<number, string>();
    let attempt = 1;
    const events: AnyEvent[] = [];
    for await (const event of run) {
      if (event.type === 'run.resumed') attempt = event.attempt;
      if (event.type === 'text.delta' && !deltas.has(attempt)) {
        deltas.set(attempt, event.delta);
        running.command.kill('SIGKILL');
        await running.command.exited;
        running = await serve(new URL(running.url).port);
      }
      events.push(event as AnyEvent);
    }
    expect([...deltas.keys()]).toEqual([1, 2, 3]);
    expect(events.at(-1)).toMatchObject({ type: 'run.failed', error: { code: 'INTERRUPTED', retryable: true } });
    const next = await client.send({ agent: 'worker', text: 'after it', threadId: run.threadId });
    expect(await next.result()).toMatchObject({ status: 'completed', text: answerTo('after it') });
  } finally {
    await client.close();
  }
}, 30_000);
