import type { Client } from '../client/client.ts';
import { newKey } from '../client/newKey.ts';
import { emptyThread, reduceThread, type ThreadState } from '../client/reducer.ts';
import type { SentRun } from '../client/run.ts';
import type { AgentContract, ApiContract } from '../protocol/contract.ts';
import { type AnyEvent, isTerminalEvent } from '../protocol/event.ts';
import type { UserMessage } from '../protocol/message.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { asVerbatimError } from './asVerbatimError.ts';
import { changesOf } from './changes.ts';
import { EarlierMessages } from './earlierMessages.ts';
import { Live } from './live.ts';
import { Outbox } from './outbox.ts';
import { SharedStores } from './sharedStores.ts';
import { type ShownMessage, ShownMessages } from './shownMessages.ts';
import { refusalOf, type Unsent, type UnsentMessage, unsentOf } from './unsent.ts';

/** A thread as it is shown. A new object exactly when something changed; parts that did not change keep their identity. */
export interface ThreadView {
  readonly thread: ThreadState;
  readonly messages: readonly ShownMessage[];
  /** False until the first of it has come. */
  readonly isLoaded: boolean;
  /** The connection is back, and what came meanwhile is not here yet. */
  readonly isCatchingUp: boolean;
  /** Something was sent that the thread does not show yet. */
  readonly isSending: boolean;
  readonly hasEarlier: boolean;
  readonly isLoadingEarlier: boolean;
  /** Why it cannot be read. Nothing more comes until `readAgain`. */
  readonly error: VerbatimError | undefined;
}

export const UNREAD: ThreadView = {
  thread: emptyThread,
  messages: [],
  isLoaded: false,
  isCatchingUp: false,
  isSending: false,
  hasEarlier: false,
  isLoadingEarlier: false,
  error: undefined,
};

/** What is sent, but for the thread that it goes to. */
export interface Addressed {
  readonly text: string;
  readonly agent?: string | undefined;
  readonly agents?: readonly string[] | undefined;
}

type AnyRun = SentRun<AgentContract>;

/** A thread, or one that begins with its first message: what is read of it, and what is on its way to it. */
export class ThreadStore {
  readonly live: Live<ThreadView>;
  readonly #client: Client<ApiContract>;
  readonly #outbox: Outbox<AnyRun>;
  readonly #earlier: EarlierMessages;
  readonly #unsent: Unsent;
  readonly #shown = new ShownMessages();
  #threadId: string | undefined;
  /** What it goes by until it has begun. */
  #draft = newKey();
  #thread = emptyThread;
  #cursor: string | undefined;
  #isLoaded = false;
  /** Up to where there is something to catch up with. */
  #head = 0;
  #error: VerbatimError | undefined;
  /** Of a thread that has not begun: who waits for it. */
  #toRead: AbortSignal | undefined;
  #newest: Promise<AnyRun> | undefined;
  /** What is sent shows in the thread when it is past this. */
  #expectedSeq = -1;
  #asking = 0;
  /** Told that the thread has begun. */
  onBegin = (_threadId: string): void => {};

  constructor(client: Client<ApiContract>, threadId: string | undefined) {
    this.#client = client;
    this.#threadId = threadId;
    this.live = new Live({ view: () => this.#view(), read: (signal) => this.#read(signal), isNeeded: () => this.#outbox.isNeeded }, UNREAD);
    this.#unsent = unsentOf(client);
    this.#outbox = new Outbox(() => {
      this.live.changed();
      // Perhaps that was what it was kept for.
      this.live.rest();
    }, this.#unsent);
    this.#earlier = new EarlierMessages(client, () => this.live.changed());
  }

  /** Shows a message, and sends it to the thread, which begins with it if it has not begun. */
  send(message: Addressed): Promise<AnyRun> {
    const { messages } = this.#thread;
    const unsent: UnsentMessage = {
      key: newKey(),
      at: Date.now(),
      draft: this.#draft,
      message,
      ...(this.#threadId !== undefined && { threadId: this.#threadId }),
      ...(this.#isLoaded && { after: messages.at(-1)?.id ?? '' }),
    };
    const before = this.#isLoaded ? new Set(messages.map(({ id }) => id)) : undefined;
    this.#unsent.add(this.live, unsent);
    return this.ask(() => this.#outbox.send(ownMessage(unsent), before, () => this.#send(unsent)));
  }

  /** Takes what was sent before a reload, and sends it again: the server has it once. What was refused waits. */
  restore(): void {
    for (const unsent of this.#unsent.take(this.live, this.#threadId)) {
      this.#draft = unsent.draft;
      const { key, after } = unsent;
      const error = refusalOf(unsent);
      const own = { key, message: ownMessage(unsent), ...(after !== undefined && { after }), ...(error !== undefined && { error }) };
      const attempt = this.#outbox.restore(own, () => this.#send(unsent));
      // It is shown, with what it is refused for.
      if (error === undefined) this.ask(attempt).catch(() => {});
    }
  }

  async #send({ key, message }: UnsentMessage): Promise<AnyRun> {
    const threadId = await this.#whenBegun();
    const input = { idempotencyKey: key, ...message, ...(threadId !== undefined && { threadId }) };
    // The edge: the hook has typed it by the Api.
    return (await this.#client.send(input as never)) as AnyRun;
  }

  resend(key: string): Promise<AnyRun> {
    return this.ask(() => this.#outbox.resend(key));
  }

  dismiss(key: string): void {
    this.#outbox.dismiss(key);
    this.live.show();
  }

  /** Asks for a run. Until the thread shows it, it is being sent. */
  async ask(asking: () => Promise<AnyRun>): Promise<AnyRun> {
    this.#asking += 1;
    const newest = asking();
    this.#newest = newest;
    this.live.show();
    try {
      const run = await newest;
      this.expect(run);
      return run;
    } finally {
      this.#asking -= 1;
      this.live.changed();
    }
  }

  /** Until the thread shows this run, it is being sent. */
  expect(run: AnyRun): void {
    const begins = this.#threadId === undefined;
    if (begins) this.#begin(run.threadId);
    if (run.threadId !== this.#threadId) return;
    this.#expectedSeq = Math.max(this.#expectedSeq, run.receipt.seq);
    this.live.changed();
    if (begins) this.onBegin(run.threadId);
  }

  /** The run that is at work, or the first of those that wait; without one, that which was sent last, once it is durable. */
  async openRunId(): Promise<string | undefined> {
    const { activeRunId, messages } = this.#thread;
    const open = activeRunId ?? messages.find(({ role, status }) => role === 'user' && status === 'queued')?.runId;
    return open ?? (await this.#newest?.catch(() => undefined))?.id;
  }

  /** The run that spoke last. */
  get lastRunId(): string | undefined {
    return this.#thread.messages.findLast(({ runId }) => runId !== undefined)?.runId;
  }

  /** What the user said last. Without a run it was copied or imported. */
  get lastAsked(): UserMessage | undefined {
    return this.#thread.messages.findLast((message) => message.role === 'user');
  }

  async loadEarlier(): Promise<void> {
    if (this.#threadId !== undefined && this.#hasEarlier) await this.#earlier.load(this.#threadId, this.#thread.messages);
  }

  readAgain(): void {
    this.#error = undefined;
    this.live.readAgain();
    this.live.show();
  }

  /** The second of two messages that are sent at once to a thread that has not begun waits for the first. */
  async #whenBegun(): Promise<string | undefined> {
    if (this.#threadId !== undefined) return this.#threadId;
    const first = this.#newest;
    await first?.catch(() => undefined);
    return this.#threadId;
  }

  #begin(threadId: string): void {
    this.#threadId = threadId;
    this.#isLoaded = true;
    this.#unsent.begin(this.#draft, threadId);
    threadStores.add(this.#client, threadId, this);
    changesOf(this.#client).tell('threads');
    if (this.#toRead !== undefined) this.#read(this.#toRead);
  }

  #read(signal: AbortSignal): void {
    this.#toRead = signal;
    this.restore();
    const threadId = this.#threadId;
    if (threadId === undefined || signal.aborted) return;
    const stopListening = this.#client.connection.subscribe(({ status }) => {
      if (status === 'online') void this.#askHead(threadId);
    });
    signal.addEventListener('abort', stopListening);
    if (this.#cursor !== undefined) void this.#askHead(threadId);
    this.#follow(threadId, signal).catch((cause: unknown) => {
      if (signal.aborted) return;
      stopListening();
      this.#error = asVerbatimError(cause);
      this.live.changed();
    });
  }

  async #follow(threadId: string, signal: AbortSignal): Promise<void> {
    // One that begins here is read from its first event.
    const from = this.#cursor !== undefined ? { after: this.#cursor } : this.#isLoaded ? {} : { snapshot: true };
    const watch = this.#client.thread(threadId).watch({ signal, ...from });
    for await (const event of watch) {
      // The edge: a thread is folded by what every Api has in common.
      this.#fold(event as AnyEvent);
      this.#cursor = watch.cursor;
    }
  }

  #fold(event: AnyEvent): void {
    if (event.type === 'thread.snapshot') this.#earlier.startFrom(event.messages, this.#thread.messages);
    this.#thread = reduceThread(this.#thread, event);
    this.#isLoaded = true;
    if (event.type === 'run.started' || isTerminalEvent(event)) changesOf(this.#client).tell('threads');
    if (event.type === 'approval.requested' || event.type === 'approval.resolved') changesOf(this.#client).tell('approvals');
    this.live.changed();
  }

  async #askHead(threadId: string): Promise<void> {
    if (!this.#isLoaded) return;
    // Until it is known, there may be something.
    this.#head = Number.POSITIVE_INFINITY;
    this.live.changed();
    try {
      this.#head = (await this.#client.threads.get({ threadId })).head;
    } catch {
      // Whoever reads is told by the watch why that cannot be.
      this.#head = 0;
    }
    this.live.changed();
  }

  get #hasEarlier(): boolean {
    return this.#thread.earlier && !this.#earlier.isOver;
  }

  #view(): ThreadView {
    const thread = this.#thread;
    this.#outbox.settle(thread);
    return {
      thread,
      messages: this.#shown.of(this.#earlier.list, thread.messages, this.#outbox),
      isLoaded: this.#isLoaded,
      isCatchingUp: this.#isLoaded && thread.seq < this.#head,
      isSending: this.#asking > 0 || thread.seq <= this.#expectedSeq,
      hasEarlier: this.#hasEarlier,
      isLoadingEarlier: this.#earlier.isLoading,
      error: this.#error,
    };
  }
}

function ownMessage({ key, at, message }: UnsentMessage): UserMessage {
  // As the server calls those who are asked at once.
  const { text, agent = message.agents?.join('+') } = message;
  return { id: key, role: 'user', text, status: 'queued', at, ...(agent !== undefined && { agent }) };
}

export const threadStores = new SharedStores<ThreadStore>();

/** The one store of a thread, for all who look at it by the same client. */
export function threadStoreOf(client: Client<ApiContract>, threadId: string): ThreadStore {
  return threadStores.open(client, threadId, () => new ThreadStore(client, threadId));
}
