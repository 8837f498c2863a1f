import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Client, SentRun } from '../../src/client/index.node.ts';
import { agentTool, defineAgent, defineTool, type InferApi, type Model } from '../../src/index.ts';
import type { AgentContract } from '../../src/protocol/contract.ts';
import { type AnyEvent, isTerminalEvent, type StoredEvent } from '../../src/protocol/event.ts';
import { foldEvent } from '../../src/protocol/foldEvent.ts';
import type { Message } from '../../src/protocol/message.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { expectSoundLog, logOf } from './runSupport.ts';

const rejections: unknown[] = [];
const remember = (cause: unknown): void => void rejections.push(cause);
beforeEach(() => {
  rejections.length = 0;
  process.on('unhandledRejection', remember);
});
afterEach(() => {
  process.off('unhandledRejection', remember);
  expect(rejections).toEqual([]);
});

type Calls = readonly { readonly tool: string; readonly arguments: string }[];

/** Asks for the calls of its step, and answers when there are none left: the same however often it is asked. */
function stepping(steps: readonly Calls[], answer: string): Model {
  return {
    name: 'stepping',
    async *stream({ messages }) {
      const asked = messages.findLastIndex(({ role }) => role === 'user');
      const toolCalls = steps[messages.slice(asked).filter(({ role }) => role === 'assistant').length] ?? [];
      yield { type: 'text', delta: toolCalls.length > 0 ? 'let me see' : answer };
      yield { type: 'finish', finish: toolCalls.length > 0 ? 'tool_calls' : 'stop', toolCalls };
    },
  };
}

const call = (tool: string): Calls[number] => ({ tool, arguments: '{"task":"do it"}' });

/** Everything that a run may wait for, and a handoff. */
function office(effects: string[]) {
  const schemas = { input: z.object({}), output: z.string() };
  const does = (name: string, needsApproval = false) =>
    defineTool({
      name,
      description: name,
      ...schemas,
      ...(needsApproval && { needsApproval: true as const }),
      execute: (_, { callId }) => {
        effects.push(callId);
        return name;
      },
    });
  const pick = defineTool({ name: 'pick', description: 'pick', ...schemas });
  const clerk = defineAgent({ description: 'clerk', model: stepping([[call('file')]], 'filed'), tools: [does('file', true)] });
  const second = defineAgent({ description: 'second', model: stepping([], 'all done') });
  const first = defineAgent({
    description: 'first',
    model: stepping([[call('work'), call('refund'), call('pick'), call('ask')], [call('transfer_to_second')]], 'unsaid'),
    tools: [does('work'), does('refund', true), pick, agentTool(clerk, { name: 'ask', description: 'Asks' })],
    handoffs: [second],
  });
  return { first, second, clerk };
}

type Api = InferApi<ReturnType<typeof office>>;

interface Played {
  readonly log: readonly AnyEvent[];
  readonly run: SentRun<AgentContract>;
  /** A log may be some events shorter than that of the run before: whether a run waits depends on what is answered first. */
  readonly hasActed: boolean;
}

interface World {
  readonly client: Client<Api>;
  readonly crash: () => Promise<void>;
}

type Act = (moment: World & { readonly run: SentRun<AgentContract>; readonly event: StoredEvent }) => Promise<unknown>;

/** Plays the run to its end, answering whatever waits as soon as it is seen; does `act` when the n-th event of the thread is seen. */
async function play(n: number, world: World, act: Act): Promise<Played> {
  const { client } = world;
  const run = (await client.send({ agent: 'first', text: 'go' })) as SentRun<AgentContract>;
  const { threadId } = run;
  const open = async () => (await client.trpc.runs.list.query({ threadId })).items.filter(({ endedAt }) => endedAt === undefined);
  const acts: Promise<unknown>[] = [];
  let hasActed = false;
  // It may come too late for a run that was ended meanwhile.
  const answer = (work: Promise<unknown>): void => void acts.push(work.catch((cause) => expect(cause.code).toMatch(/^(?:ALREADY|NOT)_/)));
  for await (const event of client.thread(threadId).watch({ after: 0 })) {
    if (event.type === 'thread.snapshot') throw new Error('nothing was folded');
    if ((event.firstSeq ?? event.seq) <= n && n <= event.seq) {
      hasActed = true;
      acts.push(act({ ...world, run, event: event as StoredEvent }));
    }
    if (event.type === 'approval.requested') answer(client.approvals.decide({ callId: event.callId, decision: 'approve' }));
    if (event.type === 'tool.called' && event.waitsFor === 'client')
      answer(client.run(run.id).submitToolResult(event.callId, 'red' as never));
    if (!isTerminalEvent(event)) continue;
    // A message that outlived its run waits for one of its own, and what that asks is answered here too.
    await Promise.all(acts);
    if ((await open()).length === 0) break;
  }
  const log = await logOf(client, threadId);
  expectSoundLog(log);
  const { items } = await client.threads.messages({ threadId });
  expect(items).toEqual(log.reduce<readonly Message[]>(foldEvent, []));
  return { log, run, hasActed };
}

const endOf = ({ log, run }: Played): AnyEvent | undefined => log.findLast((event) => 'runId' in event && event.runId === run.id);

async function atEveryEvent(act: Act, check: (played: Played) => void): Promise<void> {
  const effects: string[] = [];
  await using server = await createTestServer({ agents: office(effects), limits: { cancelGraceMs: 50, maxAttempts: 100 } });
  let crashing: Promise<void> = Promise.resolve();
  const crash = (): Promise<void> => {
    crashing = crashing.then(() => server.crash());
    return crashing;
  };
  const world = { client: server.client<Api>(), crash };
  const { length } = (await play(0, world, async () => {})).log;
  expect(length).toBeGreaterThan(30);
  let acted = 0;
  // A few at a time: what happens to one happens to the others at some other moment.
  for (let n = 1; n < length; n += 6) {
    const some = Array.from({ length: Math.min(6, length - n) }, (_, index) => play(n + index, world, act));
    for (const played of await Promise.all(some)) {
      if (!played.hasActed) continue;
      acted++;
      check(played);
    }
  }
  expect(acted).toBeGreaterThan(length - 10);
  await vi.waitFor(() => expect(server.stats.activeRuns).toBe(0));
  expect(effects.length).toBeGreaterThan(length);
  expect(new Set(effects).size).toBe(effects.length);
}

describe('when a run with everything in it is at any of its events', () => {
  test('and the server dies, it comes to its end, and nothing is carried out twice', async () => {
    await atEveryEvent(
      ({ crash }) => crash(),
      (played) => {
        expect(endOf(played)?.type).toBe('run.completed');
        expect(played.log.filter((event) => event.type === 'agent.handoff')).toHaveLength(1);
        expect(played.log.findLast((event) => event.type === 'message.completed')).toMatchObject({ text: 'all done' });
      },
    );
  }, 60_000);

  test('and is cancelled, it ends, after those under it', async () => {
    await atEveryEvent(
      ({ run }) => run.cancel(),
      (played) => {
        expect(endOf(played)?.type).toMatch(/^run\.(?:cancelled|completed)$/);
        expect(played.log.at(-1)).toBe(endOf(played));
      },
    );
  }, 60_000);

  test('and one under it is cancelled, it goes on', async () => {
    await atEveryEvent(
      async ({ client, run, event }) => event.runId === run.id || client.run(event.runId).cancel(),
      (played) => {
        expect(endOf(played)?.type).toBe('run.completed');
        expect(played.log.at(-1)).toBe(endOf(played));
      },
    );
  }, 60_000);

  test('and a message is steered in, that is answered, in this run or in one of its own', async () => {
    await atEveryEvent(
      ({ client, run: { threadId } }) => client.send({ agent: 'first', text: 'and this', threadId, whenBusy: 'steer' }),
      ({ log }) => {
        const said = log.flatMap((event) => (event.type === 'message.completed' && event.finish === 'stop' ? [event.text] : []));
        expect(said.at(-1)).toBe('all done');
        expect(log.at(-1)?.type).toBe('run.completed');
        expect(log.filter((event) => event.type === 'message.steered' || event.type === 'run.started').length).toBeGreaterThanOrEqual(3);
      },
    );
  }, 60_000);
});
