import { type ClientRequest, request } from 'node:http';
import { SseParser } from '../../src/client/transportSseParser.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';

/** A reader over SSE without any client, connecting anew from the last id it saw whenever its stream goes. */
export class SseReader {
  readonly events: AnyEvent[] = [];
  readonly #url: string;
  #lastEventId: string | undefined;
  #request: ClientRequest | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  connections = 0;

  constructor(url: string, threadId: string) {
    this.#url = `${url}/trpc/threads.watch?input=${encodeURIComponent(JSON.stringify({ json: { threadId } }))}`;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#request?.destroy();
  }

  #connect(): void {
    const headers = this.#lastEventId === undefined ? {} : { 'last-event-id': this.#lastEventId };
    let over = false;
    const again = (): void => {
      if (over || this.#closed) return;
      over = true;
      this.#retry = setTimeout(() => this.#connect(), 50);
    };
    this.#request = request(this.#url, { agent: false, headers }, (response) => {
      if (response.statusCode === 200) this.connections++;
      const parser = new SseParser(({ event, data, id }) => {
        if (this.#closed || event !== 'message') return;
        this.#lastEventId = id;
        this.events.push((JSON.parse(data) as { readonly json: AnyEvent }).json);
      });
      // What breaks a stream closes it too.
      response.on('error', () => {}).on('close', again);
      response.setEncoding('utf8').on('data', (text: string) => parser.push(text));
    });
    this.#request.on('error', again).end();
  }
}
