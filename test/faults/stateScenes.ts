import { expect, vi } from 'vitest';
import type { Client, SentRun } from '../../src/client/index.node.ts';
import type { InferApi } from '../../src/index.ts';
import type { AgentContract } from '../../src/protocol/contract.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import type { stateAgents } from './stateAgents.ts';
import { type StateStage, saidBy } from './stateStage.ts';
import type { State } from './stateTable.ts';

const PATIENCE = { timeout: 10_000 };

export type StateApi = InferApi<ReturnType<typeof stateAgents>>;

/** A run in its state. It stays there until `goOn`, or until something else happens to it. */
export interface Scene {
  readonly state: State;
  readonly threadId: string;
  readonly run: SentRun<AgentContract>;
  /** What the reader of the thread has so far. */
  readonly events: readonly AnyEvent[];
  /** The call that it is about, if there is one. */
  readonly callId: string;
  /** Opens the doors, and answers what waits. */
  goOn(client: Client<StateApi>): Promise<void>;
}

interface Stand {
  readonly client: Client<StateApi>;
  readonly stage: StateStage;
  readonly threadId: string;
  readonly events: readonly AnyEvent[];
  send(agent: keyof StateApi & string): Promise<SentRun<AgentContract>>;
  /** Resolves with the first event of the thread that matches, once it has been read. */
  event<Type extends AnyEvent['type']>(type: Type): Promise<Extract<AnyEvent, { readonly type: Type }>>;
  /** Resolves when the reader has what a model says before its door. */
  says(...names: readonly string[]): Promise<void>;
}

interface Reached {
  readonly run: SentRun<AgentContract>;
  readonly callId?: string;
  readonly answer?: (client: Client<StateApi>) => Promise<unknown>;
}

/** Brings a run into a state, in a thread of its own. A reader follows the thread from its beginning until the client is closed. */
export async function reach(state: State, client: Client<StateApi>, stage: StateStage): Promise<Scene> {
  const { id: threadId } = await client.threads.create({});
  const events: AnyEvent[] = [];
  follow(client, threadId, events);
  const text = `Go on with ${threadId}.`;
  const reached = await REACH[state]({
    client,
    stage,
    threadId,
    events,
    send: async (agent) => (await client.send({ agent, text, threadId })) as SentRun<AgentContract>,
    event: (type) =>
      vi.waitFor(() => {
        const found = events.find((event) => event.type === type);
        expect(found, `${type} of ${state}`).toBeDefined();
        return found as never;
      }, PATIENCE),
    says: (...names) =>
      vi.waitFor(() => {
        const text = new Map<string, string>();
        for (const event of events) if (event.type === 'text.delta') text.set(event.runId, (text.get(event.runId) ?? '') + event.delta);
        expect([...text.values()]).toEqual(expect.arrayContaining(names.map(saidBy)));
      }, PATIENCE),
  });
  return {
    state,
    threadId,
    events,
    run: reached.run,
    callId: reached.callId ?? 'call_none',
    async goOn(answering) {
      stage.open(threadId);
      await reached.answer?.(answering);
    },
  };
}

function follow(client: Client<StateApi>, threadId: string, events: AnyEvent[]): void {
  const reading = async (): Promise<void> => {
    for await (const event of client.thread(threadId).watch({ after: 0 })) events.push(event as AnyEvent);
  };
  // It ends when its client is closed.
  reading().catch(() => {});
}

async function toolAtWork({ stage, threadId, send }: Stand, agent: 'worker' | 'looker', tool: string): Promise<Reached> {
  stage.shut(`${tool}/${threadId}`);
  const run = await send(agent);
  await stage.knocked(`${tool}/${threadId}`);
  return { run, callId: stage.callsAt(`${tool}/${threadId}`)[0] ?? '' };
}

const REACH: { readonly [Of in State]: (stand: Stand) => Promise<Reached> } = {
  async 'model streaming'({ stage, threadId, send, says }) {
    stage.shut(`speaker/${threadId}`);
    const run = await send('speaker');
    await says('speaker');
    return { run };
  },
  'tool running': (stand) => toolAtWork(stand, 'worker', 'work'),
  'idempotent tool running': (stand) => toolAtWork(stand, 'looker', 'look'),
  async 'waiting for approval'({ send, event }) {
    const run = await send('clerk');
    const { callIds } = await event('run.waiting');
    const [callId = ''] = callIds;
    return { run, callId, answer: (client) => client.approvals.decide({ callId, decision: 'approve' }) };
  },
  async 'approval just decided'({ stage, threadId, send, event }) {
    const run = await send('teller');
    const { callIds } = await event('run.waiting');
    stage.shut(`context/${threadId}`);
    await run.approve(callIds[0] ?? '');
    // The run has been taken up, and the call has not begun.
    await stage.knocked(`context/${threadId}`, 2);
    return { run, callId: callIds[0] ?? '' };
  },
  async 'waiting for a client tool'({ send, event }) {
    const run = await send('asker');
    const { callIds } = await event('run.waiting');
    const [callId = ''] = callIds;
    return { run, callId, answer: (client) => client.run(run.id).submitToolResult(callId, { color: 'red' } as never) };
  },
  async 'child running'({ stage, threadId, send, event, says }) {
    stage.shut(`researcher/${threadId}`);
    const run = await send('boss');
    await says('researcher');
    await vi.waitFor(async () => expect((await run.info()).status).toBe('waiting'), PATIENCE);
    return { run, callId: (await event('tool.called')).callId };
  },
  async 'three in parallel'({ client, stage, threadId, says }) {
    for (const name of ['a', 'b', 'c']) stage.shut(`${name}/${threadId}`);
    const run = await client.send({ agents: ['a', 'b', 'c'], text: `Go on with ${threadId}.`, threadId });
    await says('a', 'b', 'c');
    return { run: run as SentRun<AgentContract> };
  },
  async 'handing off'({ stage, threadId, send, event }) {
    stage.shut(`context/${threadId}`);
    const run = await send('triage');
    await stage.knocked(`context/${threadId}`);
    return { run, callId: (await event('tool.called')).callId };
  },
  async 'guard holding text'({ stage, threadId, send }) {
    stage.shut(`guard/${threadId}`);
    const run = await send('guarded');
    await stage.knocked(`guard/${threadId}`);
    return { run };
  },
};
