import { CLOSE_CODES } from '../protocol/closeCodes.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { networkCause } from './networkCause.ts';
import type { Call, Subscriber, Wire, WireListener } from './transport.ts';
import { connectionLost, decodeData, encodeInput, encodeRequest, errorOfShape, frameTooBig, isRecord } from './transportMessage.ts';
import type { WsTransportOptions } from './transportWs.ts';
import type { WebSocketLike } from './webSocketLike.ts';

const OPEN = 1;

interface Pending {
  /** Length of the request. */
  readonly size: number;
  /** The server has seen it: it was not what made the server close with 1009. */
  received: boolean;
  /** One answer of the server; true when there will be more. */
  answer(result: Readonly<Record<string, unknown>>, size: number): boolean;
  fail(error: VerbatimError): void;
}

/**
 * One WebSocket that speaks tRPC's protocol (https://trpc.io/docs/server/websockets).
 *
 * Not tRPC's `wsClient`: that reconnects for ever whatever the close code says, fails pending calls with "Unknown error", reports a
 * subscription that lost its socket as complete, and its keep-alive hangs up on a slow link while data flows.
 */
export class SocketWire implements Wire {
  /** Resolves when the socket is closed for good. */
  readonly gone: Promise<void>;
  readonly #options: WsTransportOptions;
  readonly #listener: WireListener;
  readonly #socket: WebSocketLike;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended = false;
  /** Something arrived since the watchdog last looked. */
  #heard = false;
  #stopWatching: (() => void) | undefined;

  constructor(token: string | undefined, listener: WireListener, options: WsTransportOptions) {
    this.#options = options;
    this.#listener = listener;
    const url = `${options.url}?clientId=${options.clientId}`;
    const socket = new options.WebSocket(token === undefined ? url : `${url}&connectionParams=1`);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (this.#ended) return;
      if (token !== undefined) socket.send(JSON.stringify({ method: 'connectionParams', data: { token } }));
      listener.opened();
      listener.reached();
    });
    socket.addEventListener('message', (event) => this.#receive(event.data));
    let trouble = '';
    // A close follows, with the code.
    socket.addEventListener('error', (event) => {
      trouble = networkCause(event) || (isRecord(event) && typeof event.message === 'string' ? event.message : '');
    });
    this.gone = new Promise((resolve) => {
      socket.addEventListener('close', (event) => {
        this.#end(event.code, event.reason || trouble);
        resolve();
      });
    });
  }

  call({ type, path, input }: Call, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Taken back with each answer: the same signal is listened to by every attempt at a call.
      const forget = (): void => void this.#forget(id);
      const id = this.#request(type, path, input, {
        answer(result) {
          signal.removeEventListener('abort', forget);
          resolve(decodeData(result.data));
          return false;
        },
        fail(error) {
          signal.removeEventListener('abort', forget);
          reject(error);
        },
      });
      signal.addEventListener('abort', forget, { once: true });
    });
  }

  subscribe(path: string, input: unknown, subscriber: Subscriber): () => void {
    const id = this.#request('subscription', path, input, {
      answer(result, size) {
        if (result.type === 'stopped') {
          subscriber.end();
          return false;
        }
        if (result.type === 'started') {
          subscriber.started?.();
          return true;
        }
        const data = decodeData(result.data);
        // What was tracked comes as `{ id, data }`.
        if (typeof result.id === 'string' && isRecord(data)) subscriber.next(result.id, data.data, size);
        else subscriber.next(undefined, data, size);
        return true;
      },
      fail: (error) => subscriber.end(error),
    });
    return () => {
      if (this.#forget(id) && this.#socket.readyState === OPEN) {
        this.#socket.send(JSON.stringify({ id, method: 'subscription.stop' }));
      }
    };
  }

  async renew(token: string | undefined, signal: AbortSignal): Promise<unknown> {
    const input = token === undefined ? { ticket: await this.#options.askTicket(signal) } : { token };
    return this.call({ type: 'mutation', path: 'auth.renew', input }, signal);
  }

  probe(): void {
    if (this.#pending.size === 0) return;
    this.#stopWatching?.();
    this.#ping();
  }

  close(): void {
    this.#end(CLOSE_CODES.NORMAL, 'closed by the client');
  }

  /** For a socket whose other side does not answer the close. */
  cut(): void {
    this.#socket.terminate?.();
  }

  #request(method: string, path: string, input: unknown, handlers: Pick<Pending, 'answer' | 'fail'>): number {
    const id = ++this.#lastId;
    const text = encodeRequest(() => ({ id, method, params: { path, input: encodeInput(input) } }));
    if (this.#ended) {
      queueMicrotask(() => handlers.fail(connectionLost()));
      return id;
    }
    // On a socket that is closing it waits for the close, which fails it: failing at once, it would only be asked again on this same wire.
    const isOpen = this.#socket.readyState === OPEN;
    this.#pending.set(id, { size: text.length, received: !isOpen, ...handlers });
    if (isOpen) this.#socket.send(text);
    if (this.#stopWatching === undefined) this.#watch();
    return id;
  }

  #forget(id: number): boolean {
    const known = this.#pending.delete(id);
    if (this.#pending.size === 0) this.#unwatch();
    return known;
  }

  #receive(data: unknown): void {
    if (this.#ended) return;
    this.#heard = true;
    if (data === 'PONG') return;
    if (data === 'PING') {
      this.#socket.send('PONG');
      return;
    }
    const message = typeof data === 'string' ? parseMessage(data) : undefined;
    if (message === undefined) this.#hangUp('unreadable frame');
    else if (message.method === 'reconnect') this.#hangUp('the server asked to connect anew');
    else this.#respond(message, String(data).length);
  }

  #respond(message: Readonly<Record<string, unknown>>, size: number): void {
    const id = typeof message.id === 'number' ? message.id : 0;
    const pending = this.#pending.get(id);
    const error = 'error' in message ? errorOfShape(decodeData(message.error)) : undefined;
    if (error?.code === 'UNAUTHENTICATED') {
      // However it is said, it ends the connection's authority, and a new token may be had.
      this.#end(CLOSE_CODES.UNAUTHENTICATED, error.message);
      return;
    }
    if (pending === undefined) return;
    this.#listener.proved();
    if (error !== undefined) {
      this.#forget(id);
      pending.fail(error);
    } else if (isRecord(message.result)) {
      pending.received = true;
      if (!pending.answer(message.result, size)) this.#forget(id);
    }
  }

  /** Pings after a silence, as long as something is asked for; any frame is a sign of life. One timer, however many frames. */
  #watch(): void {
    this.#heard = false;
    this.#stopWatching = this.#options.clock.after(this.#options.pingIntervalMs, () => {
      if (this.#heard) this.#watch();
      else this.#ping();
    });
  }

  #ping(): void {
    this.#heard = false;
    if (this.#socket.readyState === OPEN) this.#socket.send('PING');
    this.#stopWatching = this.#options.clock.after(this.#options.pongTimeoutMs, () => {
      if (this.#heard) this.#watch();
      else this.#hangUp('nothing heard from the server');
    });
  }

  #unwatch(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  #hangUp(reason: string): void {
    this.#end(CLOSE_CODES.ABNORMAL, reason);
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unwatch();
    this.#socket.close();
    if (code === CLOSE_CODES.ABNORMAL) this.cut();
    this.#listener.ended(code, reason);

    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const culprit = code === CLOSE_CODES.FRAME_TOO_BIG ? largestUnseen(pending) : undefined;
    for (const one of pending) one.fail(one === culprit ? frameTooBig() : connectionLost(reason));
  }
}

/** The server does not say which frame was too big: most likely the largest of those it has not answered. */
function largestUnseen(pending: readonly Pending[]): Pending | undefined {
  return pending.filter((one) => !one.received).sort((a, b) => b.size - a.size)[0];
}

function parseMessage(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isRecord(message) ? message : undefined;
  } catch {
    return undefined;
  }
}
