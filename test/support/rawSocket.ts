import { once } from 'node:events';
import { vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { afterTest } from './afterTest.ts';

/** A frame from the server, as far as tests look into it. */
export interface Frame {
  readonly id: string | number | null;
  readonly result?: {
    readonly type: 'data' | 'started' | 'stopped';
    readonly id?: string;
    readonly data?: { readonly json: unknown };
  };
  readonly error?: { readonly json: WireError };
}

export interface WireError {
  readonly message: string;
  readonly data: { readonly code: string; readonly reason: string; readonly httpStatus: number; readonly details?: unknown };
}

export interface WireEvent {
  readonly seq: number;
  readonly firstSeq?: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface RawOptions extends ClientOptions {
  readonly port: number;
  /** Sent in `connectionParams`; absent, the URL promises none. */
  readonly params?: unknown;
  readonly path?: string;
}

/** A WebSocket that says what a test tells it to and keeps every frame as text: no client of tRPC's or ours in between. */
export class RawSocket {
  readonly ws: WebSocket;
  readonly texts: string[] = [];
  /** Resolves with the close code and reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #lastId = 0;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => this.texts.push(String(data)));
    ws.on('error', () => {});
    this.closed = new Promise((resolve) => ws.on('close', (code, reason) => resolve({ code, reason: String(reason) })));
    afterTest(async () => {
      ws.terminate();
      await this.closed;
    });
  }

  get frames(): readonly Frame[] {
    return this.texts.map((text): Frame => JSON.parse(text));
  }

  send(frame: unknown): void {
    this.ws.send(JSON.stringify(frame));
  }

  /** Sends a request and returns its id. */
  request(method: string, path: string, input?: unknown, more: { readonly id?: string | number; readonly lastEventId?: unknown } = {}) {
    const { id = ++this.#lastId, ...params } = more;
    this.send({ id, method, params: { path, ...(input !== undefined && { input: { json: input } }), ...params } });
    return id;
  }

  /** The first frame with this id that is not `started`. */
  async answer(id: string | number | null): Promise<Frame> {
    const found = await vi.waitFor(
      () => {
        const frame = this.frames.find((candidate) => candidate.id === id && candidate.result?.type !== 'started');
        if (frame === undefined) throw new Error(`no answer to ${id} in ${JSON.stringify(this.texts).slice(0, 500)}`);
        return frame;
      },
      { timeout: 15_000 },
    );
    return found;
  }

  /** The data of the answer to a call; throws when it is an error. */
  async call(method: 'query' | 'mutation', path: string, input?: unknown): Promise<never> {
    const { result, error } = await this.answer(this.request(method, path, input));
    if (error !== undefined) throw Object.assign(new Error(error.json.message), { reason: error.json.data.reason });
    // What it is, the test knows.
    return result?.data?.json as never;
  }

  async error(method: string, path: string, input?: unknown, more: { readonly lastEventId?: unknown } = {}): Promise<WireError> {
    const { error } = await this.answer(this.request(method, path, input, more));
    if (error === undefined) throw new Error(`${path} was not refused`);
    return error.json;
  }

  watch(path: string, input: unknown, more: { readonly id?: string | number; readonly lastEventId?: unknown } = {}): string | number {
    return this.request('subscription', path, input, more);
  }

  /** What a watch has brought so far. */
  events(id: string | number): readonly WireEvent[] {
    return this.frames
      .filter((frame) => frame.id === id && frame.result?.type === 'data')
      .map((frame) => frame.result?.data?.json as { readonly data: WireEvent })
      .map(({ data }) => data);
  }

  /** Waits until a watch has brought an event of a type. */
  async until(id: string | number, type: string): Promise<readonly WireEvent[]> {
    return vi.waitFor(
      () => {
        const events = this.events(id);
        if (!events.some((event) => event.type === type)) throw new Error(`no ${type} yet: ${JSON.stringify(events).slice(-500)}`);
        return events;
      },
      { timeout: 15_000 },
    );
  }
}

/** A socket before it is open. */
export function dialRaw({ port, params, path = '/trpc', ...options }: RawOptions): RawSocket {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}${params === undefined ? '' : '?connectionParams=1'}`, options);
  const socket = new RawSocket(ws);
  if (params !== undefined) ws.on('open', () => socket.send({ method: 'connectionParams', data: params }));
  return socket;
}

export async function openRaw(options: RawOptions): Promise<RawSocket> {
  const socket = dialRaw(options);
  await once(socket.ws, 'open');
  return socket;
}

/** Throws unless every event goes on where the one before it ended, from `after` on. */
export function expectContiguous(events: readonly WireEvent[], after = 0): void {
  let previous = after;
  for (const event of events) {
    if ((event.firstSeq ?? event.seq) !== previous + 1) throw new Error(`${event.type} ${event.firstSeq}..${event.seq} after ${previous}`);
    previous = event.seq;
  }
}
