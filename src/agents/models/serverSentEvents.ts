import { VerbatimError } from '../../protocol/verbatimError.ts';

export interface ServerSentEvent {
  /** The `event:` field; empty when there was none. */
  readonly event: string;
  readonly data: string;
}

const NEWLINE = 0x0a;

/**
 * Cuts the bytes of a `text/event-stream` into events, however the network split them. Our own, because the `openai` package keeps an
 * endless line in memory without bound, hides comments (which are signs of life), and ends without a word when it is aborted.
 * Throws `MODEL_BAD_RESPONSE` when an event is larger than `maxEventBytes`.
 */
export class ServerSentEvents {
  readonly #maxEventBytes: number;
  /** The start of a line whose end has not come. */
  #partial: Uint8Array[] = [];
  #partialBytes = 0;
  #event = '';
  #data: string[] = [];
  #dataLength = 0;

  constructor(options: { readonly maxEventBytes: number }) {
    this.#maxEventBytes = options.maxEventBytes;
  }

  push(bytes: Uint8Array): ServerSentEvent[] {
    // A newline byte is never part of a longer UTF-8 sequence: whole lines decode without a decoder that remembers.
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#keep(bytes);
      return [];
    }
    const lines = Buffer.concat([...this.#partial, bytes.subarray(0, end)]).toString('utf8');
    this.#partial = [];
    this.#partialBytes = 0;
    if (end < bytes.length) this.#keep(bytes.subarray(end));
    const events: ServerSentEvent[] = [];
    for (const line of lines.slice(0, -1).split('\n')) this.#line(line, events);
    return events;
  }

  /** The end of the body. An event that lacks only the blank line after it is whole all the same. */
  end(): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    if (this.#partialBytes > 0) events.push(...this.push(Uint8Array.of(NEWLINE)));
    this.#line('', events);
    return events;
  }

  #keep(bytes: Uint8Array): void {
    this.#partialBytes += bytes.length;
    if (this.#partialBytes > this.#maxEventBytes) throw tooLarge();
    // The view would keep the whole network buffer alive.
    this.#partial.push(Uint8Array.from(bytes));
  }

  #line(rawLine: string, events: ServerSentEvent[]): void {
    const line = rawLine.endsWith('\r') ? rawLine.slice(0, -1) : rawLine;
    if (line === '') {
      if (this.#data.length > 0) events.push({ event: this.#event, data: this.#data.join('\n') });
      this.#event = '';
      this.#data = [];
      this.#dataLength = 0;
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#event = value;
    if (field !== 'data') return;
    this.#dataLength += value.length + 1;
    if (this.#dataLength > this.#maxEventBytes) throw tooLarge();
    this.#data.push(value);
  }
}

function tooLarge(): VerbatimError {
  return new VerbatimError('MODEL_BAD_RESPONSE', 'The model sent a single piece of its answer that is too large.', { retryable: false });
}
