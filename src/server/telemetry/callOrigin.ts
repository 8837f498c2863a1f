import type { IncomingHttpHeaders } from 'node:http';
import { newId } from '../../db/ids.ts';
import type { Observer } from '../../protocol/observer.ts';
import { isTraceparent } from './traces.ts';

export interface CallOriginOptions {
  readonly observer: Observer;
  readonly transport: 'ws' | 'http' | 'sse' | 'mcp';
  readonly headers: IncomingHttpHeaders;
  /** Of a WebSocket or a stream. */
  readonly connectionId?: string | undefined;
  /** By `connectionParams`, where no header can be set. */
  readonly traceparent?: unknown;
}

/** How calls come in: what is told of them, and the ids by which they are found again. */
export class CallOrigin {
  readonly observer: Observer;
  readonly transport: CallOriginOptions['transport'];
  readonly connectionId: string | undefined;
  /** W3C, of the client's own trace. */
  readonly traceparent: string | undefined;
  readonly #requestId: string | undefined;
  #calls = 0;

  constructor({ observer, transport, headers, connectionId, traceparent = headers.traceparent }: CallOriginOptions) {
    this.observer = observer;
    this.transport = transport;
    this.connectionId = connectionId;
    this.traceparent = typeof traceparent === 'string' && isTraceparent(traceparent) ? traceparent : undefined;
    if (transport !== 'ws') this.#requestId = requestIdOf(headers);
  }

  /** Of the next call: a request's own, and a socket's by number. */
  nextRequestId(): string {
    return this.#requestId ?? `${this.connectionId}.${++this.#calls}`;
  }
}

const made = new WeakMap<IncomingHttpHeaders, string>();

/** The id of a request. One that a proxy or a client gave goes on, if it can be nothing but an id. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const { 'x-request-id': given } = headers;
  if (typeof given === 'string' && /^[\w.-]{1,64}$/.test(given)) return given;
  const id = made.get(headers) ?? newId('req');
  made.set(headers, id);
  return id;
}
