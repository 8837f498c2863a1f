import type { Clock } from '../protocol/clock.ts';
import { CLOSE_CODES } from '../protocol/closeCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { networkCause } from './networkCause.ts';
import type { Call, Subscriber, Transport, Wire, WireListener } from './transport.ts';
import { connectionLost, decodeData, encodeInput, encodeRequest, errorOfShape, errorOfStatus, isRecord } from './transportMessage.ts';
import { type SseMessage, SseParser } from './transportSseParser.ts';
import { watchSilence } from './transportSseSilence.ts';

export interface SseTransportOptions {
  readonly url: string;
  readonly clientId: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

const EVENT_STREAM = 'text/event-stream';
/** A stream on which nothing arrives for this long is taken for dead and asked for again, unless the server names a time of its own. */
const _SILENCE_MS = 75_000;

/**
 * tRPC over HTTP: a request for each call, a Server-Sent-Events stream for each subscription, the token in the `Authorization` header.
 *
 * A wire is then a token and a state of health. One that ends lets its other streams go on, since each has a socket of its own.
 */
export function sseTransport(options: SseTransportOptions): Transport {
  const requests = new Requests();
  return {
    open(token, listener) {
      const wire = new HttpWire(token, listener, options, requests);
      queueMicrotask(() => listener.opened());
      return wire;
    },
    async close() {
      requests.close();
    },
  };
}

/** The requests that are open, over all wires of a transport. */
class Requests {
  readonly #open = new Set<AbortController>();
  #closed = false;

  /** A request to be. It is aborted at once when the transport is closed: whoever was just given its wire may still ask for something. */
  begin(): AbortController {
    const request = new AbortController();
    if (this.#closed) request.abort();
    else this.#open.add(request);
    return request;
  }

  end(request: AbortController): void {
    this.#open.delete(request);
  }

  close(): void {
    this.#closed = true;
    for (const request of this.#open) request.abort();
  }
}

type Headers = Readonly<Record<string, string>>;

const UNHEARD: WireListener = { opened() {}, reached() {}, proved() {}, ended() {} };

/** Asks for a ticket by the browser's cookie. */
export function ticketSource(options: SseTransportOptions): (signal: AbortSignal) => Promise<string> {
  const requests = new Requests();
  return async (signal) => {
    const answer = await new HttpWire(undefined, UNHEARD, options, requests).call(
      { type: 'mutation', path: 'auth.ticket', input: {} },
      signal,
    );
    return isRecord(answer) ? String(answer.ticket) : '';
  };
}

class HttpWire implements Wire {
  #headers: Headers;
  readonly #listener: WireListener;
  readonly #options: SseTransportOptions;
  readonly #requests: Requests;
  /** Ends a subscription, so that it is asked for again. */
  readonly #restarts = new Set<() => void>();
  #ended = false;

  constructor(token: string | undefined, listener: WireListener, options: SseTransportOptions, requests: Requests) {
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#listener = listener;
    this.#options = options;
    this.#requests = requests;
  }

  async call(call: Call, signal: AbortSignal): Promise<unknown> {
    const request = this.#requests.begin();
    const headers = this.#headers;
    const abort = () => request.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const response = await this.#fetch(call, request.signal);
      const body = await this.#body(response, request.signal, headers);
      if ('error' in body) throw this.#answered(errorOfShape(decodeData(body.error)), headers);
      this.#listener.reached();
      this.#listener.proved();
      return isRecord(body.result) ? decodeData(body.result.data) : undefined;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#requests.end(request);
    }
  }

  subscribe(path: string, input: unknown, subscriber: Subscriber): () => void {
    const request = this.#requests.begin();
    let over = false;
    const end = (error: VerbatimError | undefined) => {
      if (over) return;
      over = true;
      this.#restarts.delete(restart);
      subscriber.end(error);
    };
    const restart = () => {
      request.abort();
      end(connectionLost('the token was renewed'));
    };
    this.#restarts.add(restart);
    void this.#stream(path, input, subscriber, request)
      .then(
        () => undefined,
        (error: unknown) => (error instanceof VerbatimError ? error : connectionLost(error)),
      )
      .then((error) => {
        this.#requests.end(request);
        end(error);
      });
    return () => {
      over = true;
      this.#restarts.delete(restart);
      request.abort();
    };
  }

  /** Streams go on from their cursors, under the new token. */
  async renew(token: string | undefined, signal: AbortSignal): Promise<unknown> {
    // Asked on the side: if it is refused, that is not the end of the one that is good.
    const next = new HttpWire(token, UNHEARD, this.#options, this.#requests);
    const answer = await next.call({ type: 'query', path: 'auth.whoami', input: {} }, signal);
    this.#headers = next.#headers;
    for (const restart of [...this.#restarts]) restart();
    return answer;
  }

  /** Streams look after themselves, and calls are short. */
  probe(): void {}

  close(): void {
    this.#end(CLOSE_CODES.NORMAL, 'closed by the client');
  }

  /** Returns when the server ended the subscription, throws `VerbatimError` otherwise. */
  async #stream(path: string, input: unknown, subscriber: Subscriber, request: AbortController): Promise<void> {
    const headers = this.#headers;
    const response = await this.#fetch({ type: 'query', path, input }, request.signal, 'text/event-stream');
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || response.body === null) {
      const body = await this.#body(response, request.signal, headers);
      throw this.#answered(errorOfShape(decodeData(body.error)), headers);
    }
    let over = false;
    const parser = new SseParser((message) => {
      if (request.signal.aborted || over) return;
      if (message.event === 'connected') silence.limit(message.data);
      over = this.#take(message, subscriber, headers);
    });
    const text = new TextDecoder();
    const reader = response.body.getReader();
    const silence = watchSilence(this.#options.clock, () => {
      this.#lost('nothing heard from the server', request.signal);
      request.abort();
    });
    // On Node 20 a read that is asked for after the abort never settles if the answer has ended meanwhile.
    const cancel = () => void reader.cancel().catch(() => undefined);
    request.signal.addEventListener('abort', cancel, { once: true });
    try {
      request.signal.throwIfAborted();
      while (!over) {
        const { done, value } = await reader.read();
        if (done) throw new Error('the stream broke off');
        silence.heard();
        parser.push(text.decode(value, { stream: true }));
      }
    } catch (cause) {
      if (cause instanceof VerbatimError) throw cause;
      throw this.#lost(cause, request.signal);
    } finally {
      silence.stop();
      request.abort();
    }
  }

  /** True for the last message of a stream; throws what the server reports as the subscription's error. */
  #take({ event, data, id }: SseMessage, subscriber: Subscriber, headers: Headers): boolean {
    switch (event) {
      case 'connected':
        // No proof yet: tRPC says it before it looks at the token.
        this.#listener.reached();
        subscriber.started?.();
        return false;
      case 'ping':
        this.#listener.proved();
        return false;
      case 'message':
        this.#listener.proved();
        subscriber.next(id, decodeData(JSON.parse(data)), data.length);
        return false;
      case 'serialized-error':
        throw this.#answered(errorOfShape(decodeData(JSON.parse(data))), headers);
      case 'return':
        return true;
      default:
        return false;
    }
  }

  async #fetch({ type, path, input }: Call, signal: AbortSignal, accept = 'application/json'): Promise<Response> {
    const text = encodeRequest(() => encodeInput(input));
    const asBody = type === 'mutation';
    const clientId = accept === EVENT_STREAM ? `&clientId=${this.#options.clientId}` : '';
    const query = asBody ? '' : `?input=${encodeURIComponent(text)}${clientId}`;
    try {
      return await this.#options.fetch(`${this.#options.url}/${path}${query}`, {
        method: asBody ? 'POST' : 'GET',
        headers: { accept, ...(asBody && { 'content-type': 'application/json' }), ...this.#headers },
        ...(asBody && { body: text }),
        cache: 'no-store',
        signal,
      });
    } catch (cause) {
      throw this.#lost(cause, signal);
    }
  }

  /** tRPC's answer, or what another's answer means. */
  async #body(response: Response, signal: AbortSignal, headers: Headers): Promise<Readonly<Record<string, unknown>>> {
    let body: unknown;
    try {
      body = JSON.parse(await response.text());
    } catch (cause) {
      if (response.ok || response.status >= 500) throw this.#lost(cause, signal);
      throw this.#answered(errorOfStatus(response.status), headers);
    }
    if (isRecord(body) && ('error' in body || 'result' in body)) return body;
    throw this.#answered(errorOfStatus(response.status), headers);
  }

  /** An answer is a sign of health, whatever it says; but for one, which ends the wire. */
  #answered(error: VerbatimError, headers: Headers): VerbatimError {
    if (error.code === 'UNAUTHENTICATED') {
      // What was asked with a token that has been renewed since is asked again.
      if (headers === this.#headers) this.#end(CLOSE_CODES.UNAUTHENTICATED, error.message);
      return connectionLost(error);
    }
    this.#listener.reached();
    this.#listener.proved();
    return error;
  }

  /** What was broken off by the caller says nothing about the server. */
  #lost(cause: unknown, signal: AbortSignal): VerbatimError {
    if (!signal.aborted) this.#end(CLOSE_CODES.ABNORMAL, typeof cause === 'string' ? cause : networkCause(cause));
    return connectionLost(cause);
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.ended(code, reason);
  }
}
