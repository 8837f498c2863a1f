export interface SseMessage {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/**
 * Reads Server-Sent Events out of text that comes in pieces of any size. An `id` belongs to its own event only, as tRPC uses it.
 * Holds the unfinished line and event, nothing more.
 */
export class SseParser {
  readonly #onMessage: (message: SseMessage) => void;
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string | undefined;

  constructor(onMessage: (message: SseMessage) => void) {
    this.#onMessage = onMessage;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id') this.#id = value;
  }

  #dispatch(): void {
    const data = this.#data;
    const message = { event: this.#event || 'message', data: data.join('\n'), id: this.#id || undefined };
    this.#event = '';
    this.#data = [];
    this.#id = undefined;
    if (data.length > 0) this.#onMessage(message);
  }
}
