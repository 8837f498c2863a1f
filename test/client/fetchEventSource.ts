import { SseParser } from '../../src/client/transportSseParser.ts';

/** As much of an EventSource as tRPC's `httpSubscriptionLink` needs: neither Node 20 nor 24 has one. Reconnects by its last event id. */
export class FetchEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readyState = 0;
  readonly #abort = new AbortController();
  #lastEventId = '';

  constructor(url: string, init: { readonly headers?: Record<string, string> } = {}) {
    super();
    void this.#read(url, init.headers ?? {});
  }

  async #read(url: string, headers: Record<string, string>): Promise<void> {
    while (this.readyState !== this.CLOSED) {
      try {
        const response = await fetch(url, {
          headers: { ...headers, ...(this.#lastEventId !== '' && { 'last-event-id': this.#lastEventId }) },
          signal: this.#abort.signal,
        });
        if (response.status !== 200 || response.body === null) break;
        this.readyState = this.OPEN;
        const parser = new SseParser(({ event, data, id }) => {
          if (id !== undefined) this.#lastEventId = id;
          this.dispatchEvent(new MessageEvent(event, { data, lastEventId: this.#lastEventId }));
        });
        const text = new TextDecoder();
        for await (const chunk of response.body) parser.push(text.decode(chunk, { stream: true }));
      } catch {
        // Cut, or closed: the loop tells them apart.
      }
      if (this.#abort.signal.aborted) return;
      this.readyState = this.CONNECTING;
      this.dispatchEvent(new Event('error'));
    }
    this.close();
    this.dispatchEvent(new Event('error'));
  }

  close(): void {
    this.readyState = this.CLOSED;
    this.#abort.abort();
  }
}
