import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatFrames } from './chatFrames.ts';
import type { ModelServerQuirks } from './modelServerQuirks.ts';
import { responsesFrames } from './responsesFrames.ts';
import { describeTurn, type ScriptedTurn } from './script.ts';
import type { TurnFrames } from './turnFrames.ts';
import { playTurn, sendJson } from './turnPlayer.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

const WIRES: Readonly<Record<string, TurnFrames>> = { '/v1/chat/completions': chatFrames, '/v1/responses': responsesFrames };

export interface ModelServerRequest {
  readonly headers: IncomingHttpHeaders;
  /** The body of `POST /v1/chat/completions` or `POST /v1/responses`, parsed. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ModelServerTurn extends ScriptedTurn {
  readonly quirks?: ModelServerQuirks;
}

/** One answer, or a function of the request that makes it. */
export type ModelServerStep = ModelServerTurn | ((request: ModelServerRequest) => ModelServerTurn);

export interface ModelServerOptions {
  /** The answers in the order of the requests; beyond them it is a 500. A function answers every request. */
  readonly script: readonly ModelServerStep[] | ((request: ModelServerRequest) => ModelServerTurn);
  /** Of every answer, unless its step says otherwise. */
  readonly quirks?: ModelServerQuirks;
}

export interface ModelServer extends AsyncDisposable {
  /** The base URL, with `/v1`. */
  readonly url: string;
  /** Every request for an answer so far, refused ones too. */
  readonly requests: readonly ModelServerRequest[];
  /** Connections opened so far. */
  readonly connections: number;
  readonly openConnections: number;
  /** Throws when steps of the script are left over, and names them. */
  assertDone(): void;
  /** Ends every connection, in the middle of an answer too. */
  close(): Promise<void>;
}

/**
 * Starts an OpenAI-compatible HTTP server on a free port of the loopback interface: `POST /v1/chat/completions` and `POST
 * /v1/responses`, streamed or not, and `GET /v1/models`. It plays a script, with the quirks of real servers by name.
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const requests: ModelServerRequest[] = [];
  let taken = 0;
  let connections = 0;
  let openConnections = 0;

  function nextTurn(request: ModelServerRequest): ModelServerTurn {
    if (typeof options.script === 'function') return options.script(request);
    const step = options.script[taken++];
    if (step === undefined) return { quirks: { status: 500, errorCode: 'script_has_ended' } };
    return typeof step === 'function' ? step(request) : step;
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.method === 'GET' && incoming.url === '/v1/models') {
      return sendJson(response, 200, { object: 'list', data: [{ id: 'scripted', object: 'model', owned_by: 'test' }] });
    }
    const wire = incoming.method === 'POST' ? WIRES[incoming.url ?? ''] : undefined;
    if (wire === undefined) {
      incoming.resume();
      return sendJson(response, 404, {
        error: { message: `There is no ${incoming.method} ${incoming.url}`, type: 'invalid_request_error' },
      });
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const body = await readBody(incoming);
    if (body === undefined) return sendJson(response, 400, { error: { message: 'The body is not JSON', type: 'invalid_request_error' } });
    const request = { headers: incoming.headers, body };
    requests.push(request);
    const rejected = rejection(body, options.quirks ?? {});
    if (rejected !== undefined) return sendJson(response, rejected.status, { error: rejected.error });
    const turn = nextTurn(request);
    const quirks = { ...options.quirks, ...turn.quirks, ...(body.stream === true ? {} : { notStreamed: true }) };
    await playTurn(response, turn, {
      id: `${wire === chatFrames ? 'chatcmpl' : 'resp'}-${requests.length}`,
      model: String(body.model),
      quirks,
      includeUsage: 'stream_options' in body,
      includeEncrypted: Array.isArray(body.include) && body.include.includes('reasoning.encrypted_content'),
      inputLength: JSON.stringify(body.messages ?? body.input ?? []).length,
      wire,
      signal: gone.signal,
    });
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      // A client that hangs up in mid-answer is part of the test; a script that throws must be seen.
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: { message: String(error), type: 'server_error' } });
    });
  });
  server.on('connection', (socket) => {
    connections++;
    openConnections++;
    socket.once('close', () => openConnections--);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is never a string.
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    get connections() {
      return connections;
    },
    get openConnections() {
      return openConnections;
    },
    assertDone() {
      const left = typeof options.script === 'function' ? [] : options.script.slice(taken);
      if (left.length === 0) return;
      const named = left.map((step, i) => `${taken + i + 1}: ${typeof step === 'function' ? 'a function' : describeTurn(step)}`);
      throw new Error(`The model server has ${left.length} steps left over:\n  ${named.join('\n  ')}`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function rejection(
  body: ModelServerRequest['body'],
  quirks: ModelServerQuirks,
): { readonly status: number; readonly error: object } | undefined {
  const type = 'invalid_request_error';
  if (quirks.rejectStreamOptions !== undefined && 'stream_options' in body) {
    return { status: quirks.rejectStreamOptions, error: { message: 'Extra inputs are not permitted', type, param: null } };
  }
  const param = quirks.rejectFields?.find((field) => field in body);
  if (param !== undefined) return { status: 400, error: { message: `Unsupported parameter: '${param}'`, type, param } };
  if (quirks.rejectEncrypted === true && JSON.stringify(body.input ?? []).includes('encrypted_content')) {
    const error = { message: 'The encrypted content could not be verified.', type, param: null, code: 'invalid_encrypted_content' };
    return { status: 400, error };
  }
  return undefined;
}

async function readBody(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : undefined;
  } catch {
    return undefined; // The 400 says it.
  }
}
