import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { OutsideFailure } from '../../src/agents/outsideFailure.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { isTerminalEvent } from '../../src/protocol/event.ts';
import { foldEvent } from '../../src/protocol/foldEvent.ts';
import type { Message } from '../../src/protocol/message.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { expectSoundLog, logOf } from '../runs/runSupport.ts';
import { seededRandom } from './seededRandom.ts';
import { type Effect, unrulyAgents } from './unrulyAgents.ts';
import { type UnrulyApi, UnrulyUser } from './unrulyUser.ts';

const SEED = Number(process.env.SEED ?? 20_261_123);
const ACTS = Number(process.env.ACTS ?? 240);
const LANES = 6;
const THREADS = 10;

/** Rows do not hold progress: it is news, not history. */
const withoutProgress = (messages: readonly Message[]): readonly Message[] =>
  messages.map((message) =>
    message.role === 'user' ? message : { ...message, toolCalls: message.toolCalls.map(({ progress: _, ...call }) => call) },
  );

/** A run is told of before those under it, ends after them, and has used what they have, and its own. */
function expectFamilies(log: readonly AnyEvent[]): void {
  const parents = new Map<string, string>();
  const ended = new Set<string>();
  const usedBelow = new Map<string, number>();
  for (const event of log) {
    if (event.type === 'thread.snapshot') throw new Error('a log holds no snapshot');
    if (event.type === 'run.queued' && event.parentRunId !== undefined) parents.set(event.runId, event.parentRunId);
    const parent = parents.get(event.runId);
    if (parent !== undefined) expect(ended.has(parent), `${event.type} at ${event.seq} after the end of the run above it`).toBe(false);
    if (!isTerminalEvent(event)) continue;
    ended.add(event.runId);
    const { inputTokens } = event.usage;
    const own = inputTokens - (usedBelow.get(event.runId) ?? 0);
    expect(own, `usage of ${event.runId}, without those under it`).toBeGreaterThanOrEqual(0);
    if (parent !== undefined) usedBelow.set(parent, (usedBelow.get(parent) ?? 0) + inputTokens);
  }
}

/** What is said of a call is what happened to it. */
function expectTrueOutcomes(log: readonly AnyEvent[], timesMade: (callId: string) => number): void {
  for (const event of log) {
    if (event.type === 'tool.completed' && ['work', 'look', 'refund'].includes(event.tool)) {
      expect(timesMade(event.callId), `${event.tool} at ${event.seq}`).toBeGreaterThan(0);
    }
    if (event.type === 'tool.failed' && / not carried out/.test(event.error.message)) {
      expect(timesMade(event.callId), `${event.tool} at ${event.seq}: ${event.error.message}`).toBe(0);
    }
  }
}

test.each([1, 3, 50])(
  'whatever is asked of whatever agents do at once, with room for %d runs: all of it ends, and is true',
  async (maxRuns) => {
    const random = seededRandom(SEED + maxRuns);
    const effects: Effect[] = [];
    const failures: unknown[] = [];
    await using server = await createTestServer({
      agents: unrulyAgents({ random, effects }),
      logger: { info: () => {}, warn: () => {}, error: (fields) => void failures.push('err' in fields ? fields.err : fields) },
      limits: { maxRuns, cancelGraceMs: 30, maxAttempts: 1_000, maxChildRuns: 8, maxSteps: 8 },
    });
    const client = server.client<UnrulyApi>();
    const user = new UnrulyUser({ client, random, crash: () => server.crash() });
    await user.begin(THREADS);
    const lane = async (): Promise<void> => {
      for (let act = 0; act < ACTS / LANES; act++) {
        await user.act();
        if (random() < 0.5) await pause(random() * 10);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await vi.waitFor(async () => expect(await user.answerAll()).toBe(true), { timeout: 20_000 });
    await vi.waitFor(() => expect(server.stats.activeRuns).toBe(0));

    const made = new Map<string, number>();
    for (const { callId } of effects) made.set(callId, (made.get(callId) ?? 0) + 1);
    expect(effects.filter(({ tool, callId }) => tool !== 'look' && made.get(callId) !== 1)).toEqual([]);
    for (const threadId of user.threads) {
      const log = await logOf(client, threadId);
      expectSoundLog(log);
      expectFamilies(log);
      expectTrueOutcomes(log, (callId) => made.get(callId) ?? 0);
      const { items } = await client.threads.messages({ threadId, limit: 1_000 });
      expect(items).toEqual(withoutProgress(log.reduce<readonly Message[]>(foldEvent, [])));
    }
    // What models and tools say of their moods is no failure of ours.
    const moods = /unwell|does not work today/;
    const ours = failures.map((cause) => (cause instanceof OutsideFailure ? cause.cause : cause));
    expect(ours.filter((cause) => !(cause instanceof VerbatimError) && !moods.test(String(cause)))).toEqual([]);
  },
  60_000,
);
