import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SseRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An answer to one request. */
export type SseAnswer =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly events: readonly (Readonly<Record<string, unknown>> | Promise<unknown>)[];
      /** Default: the body ends. */
      readonly ends?: 'cut' | 'silence';
    };

export interface SseServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly SseRequest[];
  /** Requests whose answer has not ended, and whose client is there. Connections would not tell: Node 20's fetch opens an idle one after an abort. */
  readonly openAnswers: number;
}

/** A server of Server-Sent Events that plays a script, or answers every request alike. `refuse` answers what the real one would not take. */
export async function startSseServer(
  script: readonly SseAnswer[] | (() => SseAnswer),
  { nameEvents, refuse }: { readonly nameEvents: boolean; refuse(request: SseRequest): SseAnswer | undefined },
): Promise<SseServer> {
  const requests: SseRequest[] = [];
  let taken = 0;
  let openAnswers = 0;
  const server = createServer((incoming, response) => {
    openAnswers++;
    response.once('close', () => openAnswers--);
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const request = { url: incoming.url ?? '', headers: incoming.headers, body: JSON.parse(Buffer.concat(parts).toString()) };
      requests.push(request);
      const next = typeof script === 'function' ? script() : script[taken++];
      const answer = refuse(request) ?? next ?? { status: 500, body: { error: { message: 'The script has ended' } } };
      play(response, answer, nameEvents).catch(() => response.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get openAnswers() {
      return openAnswers;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function play(response: ServerResponse, answer: SseAnswer, nameEvents: boolean): Promise<void> {
  if ('status' in answer) {
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(JSON.stringify(answer.body));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  for (const event of answer.events) {
    if (event instanceof Promise) {
      await event;
      continue;
    }
    await new Promise((resolve) =>
      response.write(`${nameEvents ? `event: ${String(event.type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`, resolve),
    );
    // So that each is a read of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (answer.ends === 'cut') response.destroy();
  else if (answer.ends === undefined) response.end();
}
