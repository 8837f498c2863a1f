import { AsyncLocalStorage } from 'node:async_hooks';
import { messageTooLarge } from './lineBuffer.ts';
import type { HeadersOption } from './mcpAddress.ts';

/** What a call wants to know of the HTTP request that carries it. */
export interface CallWire {
  /** The stream that was to bring the answer is over. */
  ended(cause: unknown): void;
}

/** The call on whose behalf something is fetched. The SDK's transport says nothing of a stream that ends without an answer. */
export const callWire = new AsyncLocalStorage<CallWire>();

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

const NEWLINE = 0x0a;

/** `fetch` with the headers of this moment, that reads no more than `maxBytes` of one message and tells a call when its stream is over. */
export function boundedFetch({
  headers = {},
  maxBytes,
}: {
  readonly headers: HeadersOption | undefined;
  readonly maxBytes: number;
}): Fetch {
  return async (url, init = {}) => {
    const call = init.method === 'POST' ? callWire.getStore() : undefined;
    const all = new Headers(init.headers);
    for (const [name, value] of Object.entries(typeof headers === 'function' ? await headers() : headers)) all.set(name, value);
    const response = await fetch(url, { ...init, headers: all });
    if (response.body === null || !response.ok) return response;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    const body = boundedBody(response.body, { maxBytes, isStream, ended: (cause) => (isStream ? call?.ended(cause) : undefined) });
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}

/** In an event stream a message is a line; any other body is one message. */
function boundedBody(
  body: ReadableStream<Uint8Array>,
  { maxBytes, isStream, ended }: { readonly maxBytes: number; readonly isStream: boolean; readonly ended: (cause: unknown) => void },
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  const count = (length: number): void => {
    bytes += length;
    if (bytes > maxBytes) throw messageTooLarge(maxBytes);
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return ended(undefined);
        }
        let from = 0;
        for (let end = isStream ? value.indexOf(NEWLINE) : -1; end !== -1; end = value.indexOf(NEWLINE, from)) {
          count(end - from);
          bytes = 0;
          from = end + 1;
        }
        count(value.length - from);
        controller.enqueue(value);
      } catch (cause) {
        reader.cancel(cause).catch(() => {});
        controller.error(cause);
        ended(cause);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
