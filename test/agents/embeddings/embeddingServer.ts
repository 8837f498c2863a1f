import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

export interface EmbeddingRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly input: readonly string[];
    readonly encoding_format?: string;
    readonly dimensions?: number;
  };
}

/** What a server does instead of answering well. */
export interface EmbeddingAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Nothing comes. */
  readonly silent?: boolean;
}

export const vectorOf = (text: string): readonly number[] => [text.length, 0.5, -1];
export const base64Of = (vector: readonly number[]): string => Buffer.from(new Float32Array(vector).buffer).toString('base64');

/** An HTTP server with `/embeddings`, as OpenAI has it, unless `answer` says otherwise. */
export async function startEmbeddingServer(
  answer: (request: EmbeddingRequest, number: number) => EmbeddingAnswer | undefined = () => undefined,
) {
  const requests: EmbeddingRequest[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const request: EmbeddingRequest = { headers: incoming.headers, body: JSON.parse(await readText(incoming)) };
      requests.push(request);
      const { status = 200, headers, body, silent } = answer(request, requests.length) ?? {};
      if (silent === true) return;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body ?? answerTo(request)));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export function answerTo(
  { body }: EmbeddingRequest,
  usage: unknown = { prompt_tokens: body.input.length, total_tokens: body.input.length },
) {
  const data = body.input.map((text, index) => {
    const vector = vectorOf(text);
    return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? base64Of(vector) : vector };
  });
  return { object: 'list', data, model: body.model, usage };
}
