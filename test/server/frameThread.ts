import { type OpenDatabase, openDatabase } from '../../src/db/openDatabase.ts';
import type { HeldRun } from '../../src/db/operations/startRun.ts';
import type { StartedMessage } from '../../src/db/operations/startStep.ts';
import type { MessageWriter } from '../../src/db/runStore.ts';
import { type Store, sqliteStore } from '../../src/db/sqliteStore.ts';
import { type AnyEvent, isTerminalEvent } from '../../src/protocol/event.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { LOCAL_PRINCIPAL } from '../../src/protocol/principal.ts';
import { type Bell, localBell } from '../../src/server/bell.ts';
import { type Sink, Tail } from '../../src/server/tail.ts';
import { STORED_EVENTS } from '../db/storedEvents.ts';

export interface TailReaderOptions {
  readonly run?: string;
  readonly mode?: 'events' | 'messages';
  readonly start?: 'events' | 'snapshot';
  readonly after: number;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One thread on a real store, with a run that always has a message open, and everything its log ever held. */
export class FrameThread implements AsyncDisposable {
  readonly events: AnyEvent[] = [];
  readonly texts: string[] = [];
  /** Messages whose text nobody may be sent any more. */
  readonly withdrawn = new Set<string>();
  readonly store: Store;
  readonly bell: Bell = localBell();
  readonly #database: OpenDatabase;
  #thread = { key: 0, id: '' };
  #run: HeldRun = { key: 0, id: '', thread: 0, attempt: 0 };
  #message: StartedMessage = { key: 0, id: '' };
  #writer: MessageWriter | undefined;
  #text = '';
  #reasoning = '';
  #now = 1;

  private constructor() {
    this.#database = openDatabase({ file: ':memory:' });
    this.store = sqliteStore({
      raw: this.#database.raw,
      epoch: 'e',
      clock: { now: () => this.#now++, after: () => () => {} },
      recordHighWater: () => {},
      onCommit: (threads) => {
        this.#remember();
        this.bell.ring(threads);
      },
    });
  }

  static async open(): Promise<FrameThread> {
    const thread = new FrameThread();
    await thread.#begin();
    return thread;
  }

  /** Its key in the log. */
  get thread(): number {
    return this.#thread.key;
  }

  get runId(): string {
    return this.#run.id;
  }

  get held(): { readonly listeners: number; readonly logs: number } {
    this.#writer?.close();
    return { listeners: this.bell.listeners, logs: this.store.heldLogs };
  }

  write(text: string): void {
    this.#text += text;
    this.#writer?.text(text);
  }

  think(text: string): void {
    this.#reasoning += text;
    this.#writer?.reasoning(text);
  }

  status(text: string): void {
    void this.store.runs.append(this.#run, { type: 'run.status', runId: this.#run.id, text });
  }

  /** Lets what waits be committed and delivered. */
  async turn(): Promise<void> {
    await this.#writer?.committed();
    await nextTurn();
  }

  async complete(): Promise<void> {
    await this.#finishMessage();
    await this.#beginMessage();
  }

  async discard(): Promise<void> {
    await this.store.runs.discardMessage(this.#run, this.#message, 'retried');
    await this.#beginMessage();
  }

  /** As a guard does it, with text on its way. */
  async withdraw(): Promise<void> {
    this.write('withdrawn at once');
    await this.store.runs.withdrawMessage(this.#run, this.#message);
    await this.#beginMessage();
  }

  async crash(): Promise<void> {
    const resumed = await this.store.runs.resume({
      run: this.#run.key,
      lease: 'l',
      reason: 'crash',
      maxAttempts: 1_000,
    });
    if (resumed === undefined || !('resumed' in resumed)) throw new Error('the run cannot go on');
    this.#run = { ...this.#run, attempt: resumed.resumed.attempt };
    await this.#beginMessage();
  }

  async end(): Promise<void> {
    await this.#finishMessage();
    await this.store.runs.finish(this.#run, { status: 'completed', outcome: 'complete' }, { mayContinue: false });
    await this.#begin();
  }

  async fold(): Promise<void> {
    await this.store.upkeep.fold(Number.MAX_SAFE_INTEGER);
  }

  /** A reader with no room yet. */
  read(options: Omit<TailReaderOptions, 'after'>): TailReader {
    const first = options.run === undefined ? 1 : this.events.findIndex((event) => 'runId' in event && event.runId === options.run) + 1;
    return new TailReader(this, this.#thread.key, options.run === undefined ? undefined : this.#run, { ...options, after: first - 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#writer?.close();
    this.store.close();
    await this.#database.close();
  }

  async #begin(): Promise<void> {
    const { receipt, started } = await this.store.runs.accept({
      command: { name: 'messages.send', principal: LOCAL_PRINCIPAL, key: undefined, input: {}, receiptTtlMs: 1 },
      principal: LOCAL_PRINCIPAL,
      threadId: this.#thread.id === '' ? undefined : this.#thread.id,
      agent: 'a',
      text: 'go on',
      metadata: undefined,
      whenBusy: 'queue',
      onDisconnect: 'continue',
      options: {},
      context: null,
      maxQueued: 100,
      room: true,
      lease: 'l',
    });
    if (started === undefined) throw new Error('the run did not start');
    this.#thread = { key: started.thread, id: receipt.threadId };
    this.#remember();
    this.#run = { key: started.key, id: started.id, thread: started.thread, attempt: started.attempt };
    await this.#beginMessage();
  }

  async #beginMessage(): Promise<void> {
    this.#writer?.close();
    this.#text = '';
    this.#reasoning = '';
    this.#message = await this.store.runs.startMessage(this.#run, { agent: 'a', step: 1 });
    this.#writer = this.store.runs.writeMessage(this.#run, this.#message);
  }

  async #finishMessage(): Promise<void> {
    await this.store.runs.finishModelCall({
      run: this.#run,
      message: this.#message,
      text: this.#text,
      reasoning: this.#reasoning,
      finish: 'stop',
      usage: undefined,
      calls: [],
    });
  }

  #remember(): void {
    if (this.#thread.key === 0) return;
    const rows = this.#database.raw
      .prepare<[number, number], { json: string }>(`${STORED_EVENTS} where e.thread = ? and e.seq > ? order by e.seq`)
      .all(this.#thread.key, this.texts.length);
    for (const { json } of rows) {
      this.texts.push(json);
      const event = JSON.parse(json) as AnyEvent;
      this.events.push(event);
      if (event.type === 'message.discarded' && event.reason === 'guardrail') this.withdrawn.add(event.messageId);
    }
  }
}

/** A reader whose socket takes as many frames as it is given room for, and that comes back from where it stands. */
export class TailReader implements Sink {
  readonly options: TailReaderOptions;
  readonly events: AnyEvent[] = [];
  /** What it was sent of messages that were withdrawn before. */
  readonly leaked: AnyEvent[] = [];
  ended = false;
  readonly #thread: FrameThread;
  readonly #key: number;
  readonly #run: { readonly key: number } | undefined;
  #tail: Tail | undefined;
  #room = 0;
  #listeners = new Set<() => void>();

  constructor(thread: FrameThread, key: number, run: { readonly key: number } | undefined, options: TailReaderOptions) {
    this.#thread = thread;
    this.#key = key;
    this.#run = run;
    this.options = options;
    this.#attach(options.start ?? 'events', options.after);
  }

  get full(): boolean {
    return this.#room <= 0;
  }

  send(seq: number, bytes: string): void {
    this.#room--;
    const json = Buffer.from(bytes, 'latin1').toString();
    const event = JSON.parse(json) as AnyEvent;
    if (event.seq !== seq) throw new Error(`${json} was sent as ${seq}`);
    this.events.push(event);
    if ('delta' in event && 'messageId' in event && this.#thread.withdrawn.has(event.messageId)) this.leaked.push(event);
    // Known at once, as to a server: the tail says so only in a later turn, and may be closed by then.
    if (isTerminalEvent(event) && event.runId === this.options.run) this.ended = true;
  }

  onDrain(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly room = Number.POSITIVE_INFINITY;

  giveRoom(frames: number): void {
    this.#room = Math.max(0, this.#room) + frames;
    if (this.full) return;
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }

  /** As after a lost socket: what was sent has arrived, and the cursor says so. */
  async reconnect(): Promise<void> {
    if (this.ended) return;
    this.close();
    this.#room = 0;
    const cursor = this.events.at(-1)?.seq;
    const bounds = await this.#thread.store.log.bounds(this.#key);
    const start = cursor === undefined ? (this.options.start ?? 'events') : 'events';
    const after = cursor ?? this.options.after;
    if (bounds !== undefined && after < bounds.floor) this.#attach('snapshot', 0);
    else this.#attach(start, after);
  }

  /** Takes everything there is. */
  async drain(): Promise<void> {
    for (let turns = 0; turns < 50; turns++) {
      this.giveRoom(1_000);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  close(): void {
    const tail = this.#tail;
    this.#tail = undefined;
    tail?.end();
  }

  #attach(start: 'events' | 'snapshot', cursor: number): void {
    const tail = new Tail({
      log: this.#thread.store.log,
      bell: this.#thread.bell,
      thread: this.#key,
      run: this.#run === undefined ? undefined : { key: this.#run.key, members: new Map() },
      cursor,
      runEnded: false,
      maxPageBytes: DEFAULT_LIMITS.maxPageBytes,
      mode: this.options.mode ?? 'events',
      include: [],
      start,
      onEnd: () => {},
    });
    this.#tail = tail;
    tail.run(this).then(() => {
      if (this.#tail === tail) this.ended = true;
    });
  }
}
