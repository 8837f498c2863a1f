import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../src/agents/agent.ts';
import { AgentRegistry } from '../../src/agents/agentRegistry.ts';
import { Budgets } from '../../src/agents/budgets.ts';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { Model } from '../../src/agents/model.ts';
import { RunWorker, type WorkerResult } from '../../src/agents/runWorker.ts';
import { openToolHost } from '../../src/agents/toolHost.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import type { RunStore } from '../../src/db/runStore.ts';
import type { RunRow } from '../../src/db/runs.ts';
import { type Store, sqliteStore } from '../../src/db/sqliteStore.ts';
import { systemClock } from '../../src/protocol/clock.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { silentObserver } from '../../src/protocol/observer.ts';
import { mayBy } from '../../src/protocol/policy.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { countingTool, expectSoundLog, typesOf } from './runSupport.ts';

const rejections: unknown[] = [];
let begunAfterStop = 0;
const remember = (cause: unknown): void => void rejections.push(cause);
beforeEach(() => {
  rejections.length = 0;
  begunAfterStop = 0;
  process.on('unhandledRejection', remember);
});
afterEach(() => {
  process.off('unhandledRejection', remember);
});

/** Calls `at` when the n-th await of the run loop begins, and again when it has settled. */
interface Awaits {
  count: number;
  at: (n: number) => void;
}

function watched<T extends object>(port: T, awaits: Awaits): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = value.apply(target, args);
        if (!(result instanceof Promise)) return name === 'writeMessage' ? watched(result as object, awaits) : result;
        awaits.at(++awaits.count);
        return result.finally(() => awaits.at(++awaits.count));
      };
    },
  });
}

function watchedModel(model: Model, awaits: Awaits): Model {
  return {
    name: model.name,
    async *stream(request, options) {
      awaits.at(++awaits.count);
      for await (const chunk of model.stream(request, options)) {
        awaits.at(++awaits.count);
        yield chunk;
        awaits.at(++awaits.count);
      }
    },
  };
}

type Kind = 'model' | 'custom';

function agentOf(kind: Kind, awaits: Awaits): Agent {
  const { tool } = countingTool('work', async ({ signal }) => {
    if (signal.aborted) begunAfterStop++;
    awaits.at(++awaits.count);
    await Promise.resolve();
    awaits.at(++awaits.count);
    return { done: true };
  });
  if (kind === 'model') {
    const script = scriptedModel([
      { text: 'let me see', chunks: 2, toolCalls: [{ name: 'work' }, { name: 'work' }, { name: 'unknown' }] },
      { text: 'it is done', chunks: 2, reasoning: 'hm' },
      ...Array.from({ length: 3 }, () => ({ text: 'again' })),
    ]);
    return defineAgent({ description: '', model: watchedModel(script, awaits), tools: [tool] });
  }
  return defineAgent({
    description: '',
    tools: [tool],
    run: async function* () {
      awaits.at(++awaits.count);
      yield { type: 'text.delta', delta: 'let me see' };
      awaits.at(++awaits.count);
      yield { type: 'tool.called', callId: 'a', tool: 'work', input: {} };
      awaits.at(++awaits.count);
      yield { type: 'tool.completed', callId: 'a', output: { done: true } };
      yield { type: 'run.status', text: 'nearly' };
      yield { type: 'text.delta', delta: 'it is done' };
      awaits.at(++awaits.count);
    },
  });
}

async function accept(store: Store): Promise<RunRow> {
  const principal = { id: 'local' };
  const accepted = await store.runs.accept({
    command: { name: 'send', principal: { id: 'local' }, key: undefined, input: {}, receiptTtlMs: 1 },
    principal,
    threadId: undefined,
    agent: 'bot',
    text: 'go',
    metadata: undefined,
    whenBusy: 'queue',
    onDisconnect: 'continue',
    options: {},
    context: null,
    maxQueued: 10,
    room: true,
    lease: 'boot_1',
  });
  if (accepted.started === undefined) throw new Error('the run did not start');
  return accepted.started;
}

/** Runs one run to its end, doing `act` at the n-th await. */
async function play(kind: Kind, n: number, act: (worker: RunWorker, store: Store, run: RunRow) => void) {
  const database = openDatabase({ file: ':memory:' });
  const store = sqliteStore({
    raw: database.raw,
    epoch: database.epoch,
    clock: systemClock,
    onCommit: () => {},
    recordHighWater: () => {},
  });
  const awaits: Awaits = { count: 0, at: () => {} };
  const run = await accept(store);
  const options = {
    clock: systemClock,
    limits: DEFAULT_LIMITS,
    logFailure: () => {},
    may: mayBy(undefined),
    observer: silentObserver,
    toolHost: openToolHost({ clock: systemClock, limits: DEFAULT_LIMITS, report: () => {} }),
    memories: store.memories,
    threadIdOf: (key: number) => store.threads.idOf(key),
    spawned: () => {},
  };
  const work = (row: RunRow, watch: boolean): Promise<WorkerResult> => {
    const runs: RunStore = watch ? watched(store.runs, awaits) : store.runs;
    const registry = new AgentRegistry({ [row.agent]: agentOf(kind, awaits) });
    const budgets = new Budgets({ store: runs, registry, prices: undefined, dayBudget: () => undefined });
    const worker = new RunWorker({ ...options, store: runs, files: store.files, registry, budgets }, row);
    if (watch) awaits.at = (reached) => reached === n && act(worker, store, row);
    else awaits.at = () => {};
    return worker.work();
  };
  const result = await work(run, true);
  const events = async (): Promise<AnyEvent[]> => (await store.log.page(run.thread, 0, 1_000)).map((event) => JSON.parse(event.json));
  return {
    result,
    events,
    run,
    reached: awaits.count,
    status: async () => (await store.runs.read(run.key))?.status,
    async resume() {
      const resumed = await store.runs.resume({
        run: run.key,
        lease: 'boot_2',
        reason: 'crash',
        maxAttempts: 3,
      });
      if (resumed === undefined || !('resumed' in resumed)) throw new Error('the run could not be resumed');
      return work(resumed.resumed, false);
    },
    async close() {
      store.close();
      await database.close();
    },
  };
}

describe.each<Kind>(['model', 'custom'])('a run of a %s agent, stopped at any of its awaits', (kind) => {
  async function atEveryAwait(act: (worker: RunWorker, store: Store, run: RunRow) => void, check: (played: Played) => Promise<void>) {
    const { reached, close } = await play(kind, 0, () => {});
    await close();
    expect(reached).toBeGreaterThan(kind === 'model' ? 25 : 12);
    for (let n = 1; n <= reached; n++) {
      const played = await play(kind, n, act);
      await check(played);
      await new Promise((resolve) => setImmediate(resolve));
      await played.close();
      expect(rejections, `unhandled at await ${n}`).toEqual([]);
      expect(begunAfterStop, `a tool began after the stop at await ${n}`).toBe(0);
    }
  }
  type Played = Awaited<ReturnType<typeof play>>;

  test('ends with exactly one terminal event when it is cancelled', async () => {
    await atEveryAwait(
      (worker) => worker.cancel('local'),
      async ({ result, events }) => {
        expect(result.kind).toBe('ended');
        const log = await events();
        expectSoundLog(log);
        expect(['run.cancelled', 'run.completed']).toContain(log.at(-1)?.type);
      },
    );
  });

  test('stays open when the server leaves it, and comes to its end at the next start', async () => {
    let answersKept = 0;
    await atEveryAwait(
      (worker) => worker.leave(),
      async (played) => {
        if (played.result.kind === 'left') {
          expect(await played.status()).toBe('running');
          expectSoundLog(await played.events(), { open: [played.run.id] });
          const before = await played.events();
          expect((await played.resume()).kind).toBe('ended');
          const since = typesOf((await played.events()).slice(before.length));
          const answered = before.some((event) => event.type === 'message.completed' && event.text === 'it is done');
          // An answer that was finished is not asked for again.
          if (answered && kind === 'model') {
            expect(since).toEqual(['run.resumed', 'run.completed']);
            answersKept++;
          }
        }
        const log = await played.events();
        expectSoundLog(log);
        expect(log.at(-1)?.type).toBe('run.completed');
      },
    );
    if (kind === 'model') expect(answersKept).toBeGreaterThan(0);
  });

  test('is left alone when another attempt has begun', async () => {
    await atEveryAwait(
      (_worker, store, run) => {
        store.runs.resume({ run: run.key, lease: 'boot_2', reason: 'crash', maxAttempts: 3 }).catch(() => {});
      },
      async ({ result, events, run }) => {
        const log = await events();
        if (typesOf(log).includes('run.resumed')) {
          expect(result.kind).toBe('left');
          expect(log.at(-1)?.type).toBe('run.resumed');
          expectSoundLog(log, { open: [run.id] });
        } else expectSoundLog(log);
      },
    );
  });
});
