import type { Client } from '../../client/client.ts';
import type { WatchOptions } from '../../client/thread.ts';
import type { JsonApi, WhenBusy } from '../../protocol/contract.ts';
import type { Message } from '../../protocol/message.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ThreadView } from './threadView.ts';

/** What a person and an agent are at: which thread, and who is spoken to. Follows the thread, whoever writes in it. */
export class Conversation {
  readonly #client: Client<JsonApi>;
  readonly #view: ThreadView;
  /** Told when a thread cannot be followed any more. */
  readonly #failed: (error: unknown) => void;
  agent = '';
  #threadId: string | undefined;
  #followed: AbortController | undefined;
  /** Events wait for it: only with its receipt is it known which message is our own. */
  #sending: Promise<unknown> = Promise.resolve();
  #isSending = false;

  constructor(client: Client<JsonApi>, view: ThreadView, failed: (error: unknown) => void) {
    this.#client = client;
    this.#view = view;
    this.#failed = failed;
  }

  get threadId(): string | undefined {
    return this.#threadId;
  }

  /** Something is under way, or about to be. */
  get isBusy(): boolean {
    return this.#isSending || this.#view.isWorking;
  }

  async send(text: string, whenBusy?: WhenBusy): Promise<void> {
    const isFirst = !this.isBusy;
    if (isFirst) this.#view.echo(text);
    const threadId = this.#threadId;
    const message = { agent: this.agent, text, ...(threadId !== undefined && { threadId }), ...(whenBusy && { whenBusy }) };
    this.#isSending = true;
    const before = this.#sending;
    const sent = (async () => {
      // One by one: the first of a thread makes it.
      await before;
      const run = await this.#client.send({ ...message, ...(this.#threadId !== undefined && { threadId: this.#threadId }) });
      if (isFirst) this.#view.pending.shown(run.messageId);
      else if (run.receipt.disposition !== 'started') this.#view.pending.add(run.messageId, text, run.receipt.disposition === 'steered');
      if (this.#threadId === undefined) this.#follow(run.threadId, { after: run.receipt.seq });
    })();
    const settled = sent.then(
      () => undefined,
      () => undefined,
    );
    this.#sending = settled;
    try {
      await sent;
    } finally {
      if (this.#sending === settled) this.#isSending = false;
    }
  }

  /** Shows what was said in a thread, and follows it. Throws `NOT_FOUND` when it is not there. */
  async open(threadId: string): Promise<void> {
    await this.#client.threads.get({ threadId });
    this.#follow(threadId, { snapshot: true });
  }

  /** The next message begins a thread. */
  begin(): void {
    this.#followed?.abort();
    this.#threadId = undefined;
    this.#view.clear();
  }

  /** Goes on in a copy. */
  async fork(): Promise<string> {
    const fork = await this.#client.threads.fork({ threadId: this.#known() });
    this.#follow(fork.id, { after: fork.head });
    return fork.id;
  }

  async stop(): Promise<boolean> {
    const runId = this.#view.runs.activeId;
    if (runId === undefined) return false;
    await this.#client.run(runId).cancel();
    return true;
  }

  async retry(): Promise<void> {
    const threadId = this.#known();
    const runId = this.#view.runs.lastId ?? (await this.#client.trpc.runs.list.query({ threadId, limit: 1 })).items[0]?.id;
    if (runId === undefined) await this.#retryCopied(threadId);
    else await this.#client.run(runId).retry();
  }

  /** In a copy, nothing has run yet: its last message is answered again. */
  async #retryCopied(threadId: string): Promise<void> {
    const asked = await this.#lastAsked(threadId);
    if (asked === undefined) throw new VerbatimError('NOT_FOUND', 'Nothing was said here yet');
    const { id: messageId, agent } = asked;
    await this.#client.messages.retry({ messageId, ...(agent === undefined && { agent: this.agent }) });
  }

  async #lastAsked(threadId: string): Promise<Message | undefined> {
    for (let pageToken: string | undefined; ; ) {
      const page = await this.#client.threads.messages({ threadId, ...(pageToken !== undefined && { pageToken }) });
      const asked = page.items.findLast(({ role }) => role === 'user');
      pageToken = page.nextPageToken;
      if (asked !== undefined || pageToken === undefined) return asked;
    }
  }

  close(): void {
    this.#followed?.abort();
  }

  #known(): string {
    if (this.#threadId === undefined) throw new VerbatimError('NOT_FOUND', 'Nothing was said here yet');
    return this.#threadId;
  }

  #follow(threadId: string, from: Pick<WatchOptions, 'after' | 'snapshot'>): void {
    this.#followed?.abort();
    if (this.#threadId !== undefined) this.#view.clear();
    const followed = new AbortController();
    this.#followed = followed;
    this.#threadId = threadId;
    void this.#read(threadId, { ...from, signal: followed.signal });
  }

  async #read(threadId: string, options: WatchOptions & { readonly signal: AbortSignal }): Promise<void> {
    try {
      for await (const event of this.#client.thread(threadId).watch(options)) {
        await this.#sending;
        if (options.signal.aborted) return;
        this.#view.event(event);
      }
    } catch (error) {
      if (!options.signal.aborted) this.#failed(error);
    }
  }
}
