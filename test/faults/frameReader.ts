import { WebSocket } from 'ws';
import type { AnyEvent } from '../../src/protocol/event.ts';

interface Frame {
  readonly id: number;
  readonly error?: unknown;
  readonly result?: { readonly type: string; readonly id?: string; readonly data?: { readonly json: { readonly data: AnyEvent } } };
}

/** A reader without any client: tRPC's frames by hand, connecting anew from the last id it saw whenever its socket goes. */
export class FrameReader {
  readonly events: AnyEvent[] = [];
  readonly #url: string;
  readonly #path: string;
  readonly #input: object;
  #lastEventId: string | undefined;
  #socket: WebSocket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  /** What the server refused, and when it said the watch was over. */
  error: unknown;
  stopped = false;
  connections = 0;

  constructor(url: string, watch: { readonly path: 'threads.watch' | 'runs.watch'; readonly input: object }) {
    this.#url = url.replace(/^http/, 'ws');
    this.#path = watch.path;
    this.#input = watch.input;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.terminate();
  }

  /** Takes nothing more from the socket, as a tab that hangs. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  #connect(): void {
    const socket = new WebSocket(`${this.#url}/trpc`);
    this.#socket = socket;
    socket.on('open', () => {
      this.connections++;
      const input = { ...this.#input, ...(this.#lastEventId !== undefined && { lastEventId: this.#lastEventId }) };
      socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: this.#path, input: { json: input } } }));
    });
    socket.on('message', (data) => this.#take(JSON.parse(String(data)) as Frame));
    // What breaks a socket closes it too.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!this.#closed && !this.stopped && this.error === undefined) this.#retry = setTimeout(() => this.#connect(), 50);
    });
  }

  #take({ error, result }: Frame): void {
    if (this.#closed) return;
    if (error !== undefined) this.error = error;
    if (result?.type === 'stopped') this.stopped = true;
    if (result?.type !== 'data' || result.data === undefined) return;
    this.#lastEventId = result.id;
    this.events.push(result.data.json.data);
  }
}
