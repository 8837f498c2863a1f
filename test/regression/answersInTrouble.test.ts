import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { AgentRegistry } from '../../src/agents/agentRegistry.ts';
import { Budgets } from '../../src/agents/budgets.ts';
import { openToolHost } from '../../src/agents/toolHost.ts';
import type { RunStore } from '../../src/db/runStore.ts';
import { defineAgent, defineTool } from '../../src/index.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { silentObserver } from '../../src/protocol/observer.ts';
import { mayBy } from '../../src/protocol/policy.ts';
import { unboundedCallers } from '../../src/protocol/tiers.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { Answers } from '../../src/server/answers.ts';
import type { Scheduler } from '../../src/server/scheduler.ts';
import { Workforce } from '../../src/server/workforce.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { command, OWNER, openStore, STEP, startThread } from '../db/storeForTest.ts';

const pick = defineTool({ name: 'pick', description: 'Asks the user', input: z.object({}), output: z.string(), needsApproval: true });
const registry = new AgentRegistry({ assistant: defineAgent({ description: '', model: scriptedModel([]), tools: [pick] }) });
const full = () => Promise.reject(new VerbatimError('STORAGE_FULL', 'The disk is full.'));

/** A run that waits for a person, for a call that the client will carry out. */
async function waiting(change: Partial<RunStore> = {}) {
  const opened = openStore();
  const { store, clock } = opened;
  const { held, run } = await startThread(opened);
  const { message } = await store.runs.startStep({ run: held, ...STEP });
  const expiresAt = clock.now() + 60_000;
  const call = { callId: 'call_1', tool: 'pick', input: {}, approval: { expiresAt }, start: { kind: 'client', expiresAt } } as const;
  await store.runs.finishModelCall({ run: held, message, text: '', reasoning: '', finish: 'tool_calls', usage: undefined, calls: [call] });
  await store.runs.settleCalls(held);
  const woken: number[] = [];
  const failures: unknown[] = [];
  const scheduler = { wake: (row: { key: number }) => woken.push(row.key), nudge: () => {} } as unknown as Scheduler;
  const options = {
    store: { ...store, runs: { ...store.runs, ...change } },
    clock,
    limits: DEFAULT_LIMITS,
    registry,
    logFailure: ({ cause }: { cause: unknown }) => void failures.push(cause),
  };
  const answers = new Answers({ ...options, scheduler });
  onTestFinished(() => answers.close());
  return { ...opened, held, run, answers, woken, failures, options };
}

// Nobody had checked it: it was for another wait that the call was in when it came.
test('a result that meets the approval of its call in one commit is not taken unchecked', async () => {
  const { answers, store } = await waiting();
  const later = { waitsFor: 'client' } as const;
  const deciding = store.runs.decide({
    command: command('approvals.decide'),
    principal: { id: OWNER },
    callId: 'call_1',
    decision: 'approve',
    input: undefined,
    reason: undefined,
    remember: undefined,
    later,
  });
  const submitting = answers.submit(command('toolCalls.submit'), { callId: 'call_1', output: { not: 'a string' } });
  await expect(submitting).rejects.toMatchObject({ code: 'NOT_WAITING' });
  expect(await deciding).toMatchObject({ answer: { status: 'approved' } });
  expect(await answers.submit(command('toolCalls.submit'), { callId: 'call_1', output: 'red' })).toMatchObject({ status: 'completed' });
});

// It was tried again at once, and again, as fast as the machine could fail.
test('an expiry that cannot be stored is tried again after a second', async () => {
  let tries = 0;
  const expire = (): Promise<never> => {
    tries++;
    return full();
  };
  const { answers, clock, failures } = await waiting({ expire });
  answers.arm();
  await clock.advance(60_000);
  for (let turn = 0; turn < 5; turn++) await clock.advance(0);
  expect(tries).toBe(1);
  await clock.advance(1_000);
  expect(tries).toBe(2);
  expect(failures).toHaveLength(2);
});

// It waited on, though it was to be cancelled, and nobody looked at it again.
test('an interrupted run that waits ends as soon as its end can be stored', async () => {
  const { run, store, clock, options } = await waiting({ endOrphan: full });
  const watch = { add: () => {}, remove: () => {}, close: () => {} };
  const toolHost = openToolHost({ clock, limits: DEFAULT_LIMITS, report: () => {} });
  const budgets = new Budgets({ store: store.runs, registry: options.registry, prices: undefined, dayBudget: () => undefined });
  const workforce = new Workforce(
    {
      ...options,
      observer: silentObserver,
      limitsOf: unboundedCallers(),
      toolHost,
      budgets,
      may: mayBy(undefined),
      lease: 'boot_1',
      onWaiting: () => {},
      onEnded: () => {},
    },
    watch,
  );
  await store.runs.accept({
    command: command('messages.send'),
    principal: { id: OWNER },
    threadId: await store.threads.idOf(run.thread),
    agent: 'assistant',
    text: 'stop',
    metadata: undefined,
    whenBusy: 'interrupt',
    onDisconnect: 'continue',
    options: {},
    context: null,
    maxQueued: 10,
    room: { waiting: 0 },
    lease: 'boot_1',
  });
  const asked = await store.runs.read(run.key);
  if (asked === undefined) throw new Error('the run is gone');
  workforce.stop(asked);
  await clock.advance(0);
  expect((await store.runs.read(run.key))?.status).toBe('waiting');
  await clock.advance(1_000);
  await expect.poll(async () => (await store.runs.read(run.key))?.status).toBe('cancelled');
  await workforce.leave();
});
