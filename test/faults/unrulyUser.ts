import type { Client } from '../../src/client/index.node.ts';
import type { InferApi } from '../../src/index.ts';
import type { Message, ToolCall } from '../../src/protocol/message.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import type { unrulyAgents } from './unrulyAgents.ts';

export type UnrulyApi = InferApi<ReturnType<typeof unrulyAgents>>;

/** Refusals that somebody must expect who acts at random, beside others. */
const MAY_BE_REFUSED = new Set([
  'ALREADY_ANSWERED',
  'ALREADY_DECIDED',
  'BAD_INPUT',
  'NOT_FOUND',
  'NOT_WAITING',
  'QUEUE_FULL',
  'SHUTTING_DOWN',
  'THREAD_BUSY',
]);

export interface UnrulyUserOptions {
  readonly client: Client<UnrulyApi>;
  readonly random: () => number;
  /** Ends the server without a word, and starts the next one. */
  readonly crash: () => Promise<void>;
}

/** Does at random what callers can, in a few threads. */
export class UnrulyUser {
  readonly #options: UnrulyUserOptions;
  readonly #threads: string[] = [];
  #crashing = false;

  constructor(options: UnrulyUserOptions) {
    this.#options = options;
  }

  get threads(): readonly string[] {
    return this.#threads;
  }

  async begin(threads: number): Promise<void> {
    for (let n = 0; n < threads; n++) this.#threads.push((await this.#options.client.threads.create({})).id);
  }

  /** Something that may be refused, as all of it may. */
  async act(): Promise<void> {
    const [chance, threadId] = [this.#options.random(), this.#oneOf(this.#threads) ?? ''];
    await allowed(async () => {
      if (chance < 0.3) return this.#send(threadId);
      if (chance < 0.6) return this.#decide();
      if (chance < 0.85) return this.#submit(threadId);
      if (chance < 0.91) return this.#cancel(threadId);
      if (chance < 0.95) return this.#options.client.threads.fork({ threadId });
      if (chance < 0.97) return this.#delete(threadId);
      return this.#crash();
    });
  }

  /** Answers whatever still waits, once. True when nothing is open any more. */
  async answerAll(): Promise<boolean> {
    const { client } = this.#options;
    const { items } = await client.approvals.list({ status: 'pending' });
    for (const { callId } of items) await allowed(() => client.approvals.decide({ callId, decision: 'approve' }));
    for (const threadId of this.#threads) {
      for (const call of await this.#clientCalls(threadId)) await allowed(() => this.#give(call));
    }
    return (await client.threads.list({ active: true })).items.length === 0;
  }

  #oneOf<T>(values: readonly T[]): T | undefined {
    return values[Math.floor(this.#options.random() * values.length)];
  }

  #send(threadId: string): Promise<unknown> {
    const { client, random } = this.#options;
    const whenBusy = this.#oneOf(['queue', 'steer', 'steer', 'interrupt', 'reject'] as const) ?? 'queue';
    if (random() < 0.2) return client.send({ agents: ['leaf', 'artist', 'second'], text: 'all of you', threadId, whenBusy });
    return client.send({ agent: this.#oneOf(['first', 'first', 'second', 'either'] as const) ?? 'first', text: 'go', threadId, whenBusy });
  }

  async #decide(): Promise<void> {
    const { client, random } = this.#options;
    const asked = this.#oneOf((await client.approvals.list(random() < 0.9 ? { status: 'pending' } : {})).items);
    if (asked === undefined) return;
    const { callId } = asked;
    const remember = random() < 0.2 ? { remember: this.#oneOf(['run', 'thread'] as const) ?? 'run' } : {};
    if (random() < 0.3) await client.approvals.decide({ callId, decision: 'reject', reason: 'no', ...remember });
    else
      await client.approvals.decide({
        callId,
        decision: 'approve',
        ...(random() < 0.2 && { input: { n: 1, task: 'another' } }),
        ...remember,
      });
  }

  async #submit(threadId: string): Promise<void> {
    const call = this.#oneOf(await this.#clientCalls(threadId));
    if (call !== undefined) await this.#give(call);
  }

  #give({ callId }: ToolCall): Promise<unknown> {
    const { client, random } = this.#options;
    const run = client.run('of_any');
    return random() < 0.8 ? run.submitToolResult(callId, { n: 1 } as never) : run.failToolCall(callId, 'not today');
  }

  /** A run that has spoken lately, or one under it. */
  async #cancel(threadId: string): Promise<void> {
    const runs = (await this.#messages(threadId)).slice(-8).flatMap(({ runId }) => runId ?? []);
    const runId = this.#oneOf(runs);
    if (runId !== undefined) await this.#options.client.run(runId).cancel();
  }

  async #delete(threadId: string): Promise<void> {
    const { client } = this.#options;
    const { id } = await client.threads.create({});
    const index = this.#threads.indexOf(threadId);
    if (index === -1) return;
    this.#threads[index] = id;
    await client.threads.delete({ threadId });
  }

  async #crash(): Promise<void> {
    if (this.#crashing || this.#options.random() < 0.5) return;
    this.#crashing = true;
    await this.#options.crash();
    this.#crashing = false;
  }

  async #messages(threadId: string): Promise<readonly Message[]> {
    return (await this.#options.client.threads.messages({ threadId })).items;
  }

  async #clientCalls(threadId: string): Promise<readonly ToolCall[]> {
    const calls = (await this.#messages(threadId)).flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []));
    return calls.filter(({ status, waitsFor }) => status === 'waiting' && waitsFor === 'client');
  }
}

async function allowed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof VerbatimError && MAY_BE_REFUSED.has(cause.code))) throw cause;
  }
}
