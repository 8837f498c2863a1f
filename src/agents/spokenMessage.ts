import type { StartedMessage } from '../db/operations/startStep.ts';
import type { MessageWriter } from '../db/runStore.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { GrowingText } from './growingText.ts';
import type { Drive } from './runWorker.ts';

/** How far text may be ahead of the disk before its speaker is made to wait, in UTF-16 units. */
const MAX_UNCOMMITTED = 16 * 1024;
/** UTF-8 of one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/** A message while a model or an agent says it: streamed into the log, bounded, and kept whole for its end. `close` it. */
export class SpokenMessage {
  readonly message: StartedMessage;
  readonly #speaker: 'model' | 'agent';
  readonly #maxBytes: number;
  readonly #writer: MessageWriter;
  /** Never less than the bytes that were said: counting them exactly for each token costs more than keeping them. */
  #mostBytes = 0;
  readonly #said = { text: new GrowingText(), reasoning: new GrowingText() };

  constructor({ store, held, limits }: Drive, message: StartedMessage, speaker: 'model' | 'agent') {
    this.message = message;
    this.#speaker = speaker;
    this.#maxBytes = limits.maxMessageBytes;
    this.#writer = store.writeMessage(held, message);
  }

  /**
   * To be awaited when it returns a promise: the text is too far ahead of the disk. Throws `MODEL_OUTPUT_TOO_LARGE`, and what keeps text from
   * being stored.
   */
  say(kind: 'text' | 'reasoning', delta: string): Promise<void> | undefined {
    this.#said[kind].add(delta);
    this.#mostBytes += MAX_BYTES_PER_UNIT * delta.length;
    if (this.#mostBytes > this.#maxBytes) this.#assertSize();
    this.#writer[kind](delta);
    // Who is still talking must not be paid for text that cannot be stored.
    this.#writer.assertStored();
    // A promise for each token would cost as much as storing it.
    return this.#writer.uncommitted > MAX_UNCOMMITTED ? this.#writer.committed() : undefined;
  }

  #assertSize(): void {
    this.#mostBytes = Buffer.byteLength(this.text) + Buffer.byteLength(this.reasoning);
    if (this.#mostBytes <= this.#maxBytes) return;
    const message = `The ${this.#speaker} wrote more than ${this.#maxBytes} bytes in one message and was stopped.`;
    throw new VerbatimError('MODEL_OUTPUT_TOO_LARGE', message);
  }

  get hasBegun(): boolean {
    return this.#mostBytes > 0;
  }

  get text(): string {
    return this.#said.text.toString();
  }

  get reasoning(): string {
    return this.#said.reasoning.toString();
  }

  assertStored(): void {
    this.#writer.assertStored();
  }

  close(): void {
    this.#writer.close();
  }
}
