import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Model } from '../../../src/agents/model.ts';
import { type OpenAIOptions, openai } from '../../../src/agents/models/openai.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';
import { type ModelServer, type ModelServerTurn, startModelServer } from '../../../src/testing/modelServer.ts';
import type { ModelServerQuirks } from '../../../src/testing/modelServerQuirks.ts';
import { callModel, failureOf, HELLO } from './callModel.ts';

const SECRET = 'sk-very-secret';
const open: (() => Promise<void> | undefined)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(script: readonly ModelServerTurn[]): Promise<ModelServer> {
  const server = await startModelServer({ script });
  open.push(() => server.close());
  return server;
}

function modelOf(server: { readonly url: string }, options: OpenAIOptions = {}): Model {
  const model = openai('test', { baseURL: server.url, apiKey: SECRET, maxRetries: 0, firstRetryDelayMs: 1, ...options });
  open.push(() => model.close?.());
  return model;
}

async function failure(quirks: ModelServerQuirks, options: OpenAIOptions = {}): Promise<{ error: VerbatimError; text: string }> {
  // More than once: a bad request is asked again without stream_options.
  const server = await serve(Array.from({ length: 2 }, () => ({ text: 'Some text in five chunks', chunks: 5, quirks })));
  const { error, text } = await failureOf(modelOf(server, options));
  if (!(error instanceof VerbatimError)) throw new Error('Not a VerbatimError', { cause: error });
  expect(error.message).toMatch(/^[A-Z][^{}<>]+\.$/);
  expect(error.message).not.toMatch(/https?:|127\.0\.0\.1|10\.0\.0\.1|sk-|[Ss]cripted/);
  expect(JSON.stringify(error.details ?? null)).not.toMatch(/https?:|127\.0\.0\.1|sk-|[Ss]cripted/);
  return { error, text };
}

describe('a failed call has a code, a sentence without secrets, and says whether to retry', () => {
  it.each<[ModelServerQuirks, string, boolean]>([
    [{ status: 400 }, 'MODEL_BAD_REQUEST', false],
    [{ status: 404 }, 'MODEL_BAD_REQUEST', false],
    [{ status: 422 }, 'MODEL_BAD_REQUEST', false],
    [{ status: 400, errorCode: 'context_length_exceeded' }, 'MODEL_BAD_REQUEST', false],
    [{ status: 400, errorCode: 'content_filter' }, 'MODEL_REFUSED', false],
    [{ status: 401 }, 'MODEL_UNAUTHORIZED', false],
    [{ status: 403 }, 'MODEL_UNAUTHORIZED', false],
    [{ status: 402 }, 'MODEL_RATE_LIMITED', false],
    [{ status: 429, errorCode: 'insufficient_quota' }, 'MODEL_RATE_LIMITED', false],
    [{ status: 429, retryAfter: '7' }, 'MODEL_RATE_LIMITED', true],
    [{ status: 500 }, 'MODEL_UNAVAILABLE', true],
    [{ status: 503 }, 'MODEL_UNAVAILABLE', true],
    [{ htmlError: 502 }, 'MODEL_UNAVAILABLE', true],
    [{ htmlError: 200 }, 'MODEL_BAD_RESPONSE', true],
    [{ hangUp: true }, 'MODEL_UNREACHABLE', true],
    [{ garbageAfterChunks: 0 }, 'MODEL_BAD_RESPONSE', true],
    [{ inStreamErrorAfterChunks: 0 }, 'MODEL_UNAVAILABLE', true],
    [{ inStreamErrorAfterChunks: 0, errorCode: '429' }, 'MODEL_RATE_LIMITED', true],
    [{ inStreamErrorAfterChunks: 0, errorCode: 'rate_limit_exceeded' }, 'MODEL_RATE_LIMITED', true],
    [{ inStreamErrorAfterChunks: 0, errorCode: '401' }, 'MODEL_UNAUTHORIZED', false],
    [{ cutAfterChunks: 0 }, 'MODEL_STREAM_CUT', true],
    [{ status: 500, endlessErrorBody: true }, 'MODEL_UNAVAILABLE', true],
  ])('%o is %s', async (quirks, code, retryable) => {
    const { error } = await failure(quirks);
    expect({ code: error.code, retryable: error.retryable }).toEqual({ code, retryable });
  });

  it('and says how long the provider asks to wait', async () => {
    expect((await failure({ status: 429, retryAfter: '7' })).error.details).toEqual({ retryAfterMs: 7_000 });
  });

  it('and keeps what the provider said as its cause', async () => {
    expect(String((await failure({ status: 500 })).error.cause)).toContain('Scripted error of https://provider.example');
  });

  it('when nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await vi.waitFor(() => expect(server.listening).toBe(true));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    const port = typeof address === 'object' ? address?.port : undefined;
    const { error } = await failureOf(modelOf({ url: `http://127.0.0.1:${port}/v1` }));
    expect(error).toMatchObject({ code: 'MODEL_UNREACHABLE', message: 'The model could not be reached.', retryable: true });
  });

  it('when something else than HTTP answers', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n'))).listen(0, '127.0.0.1');
    open.push(async () => void server.close());
    await vi.waitFor(() => expect(server.listening).toBe(true));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { error } = await failureOf(modelOf({ url: `http://127.0.0.1:${port}/v1` }));
    expect(error).toMatchObject({ code: 'MODEL_BAD_RESPONSE' });
  });

  it('when there is no key for OpenAI', async () => {
    vi.stubEnv('OPENAI_API_KEY', '');
    vi.stubEnv('OPENAI_BASE_URL', '');
    await expect(callModel(openai('gpt-5-mini'))).rejects.toMatchObject({ code: 'MODEL_UNAUTHORIZED' });
  });
});

describe('a call that breaks after its first text', () => {
  it.each<[ModelServerQuirks, string]>([
    [{ cutAfterChunks: 3 }, 'MODEL_STREAM_CUT'],
    [{ silentAfterChunks: 3 }, 'MODEL_TIMEOUT'],
    [{ garbageAfterChunks: 3 }, 'MODEL_BAD_RESPONSE'],
    [{ inStreamErrorAfterChunks: 3, errorCode: '502' }, 'MODEL_UNAVAILABLE'],
  ])('with %o keeps the text and is not retried: %s', async (quirks, code) => {
    const server = await serve([{ text: 'one two three four', chunks: 4, quirks }]);
    const { error, text } = await failureOf(modelOf(server, { maxRetries: 5, idleTimeoutMs: 100 }));
    expect({ code: (error as VerbatimError).code, text }).toEqual({ code, text: 'one two t' });
    expect(server.requests).toHaveLength(1);
  });

  it('or after it has ended is whole', async () => {
    const server = await serve([{ text: 'whole', usage: { inputTokens: 1, outputTokens: 2 }, quirks: { cutAfterChunks: 4 } }]);
    expect(await callModel(modelOf(server))).toMatchObject({ text: 'whole', end: { finish: 'stop', usage: { outputTokens: 2 } } });
  });
});

describe('a call that fails before its first chunk', () => {
  it.each<ModelServerQuirks>([
    { status: 500 },
    { status: 429 },
    { status: 429, retryAfter: '0' },
    { hangUp: true },
    { neverAnswer: true },
    { cutAfterChunks: 1 },
    { silentAfterChunks: 1 },
    { htmlError: 503 },
    { inStreamErrorAfterChunks: 1 },
  ])('with %o is tried again', async (quirks) => {
    const server = await serve([{ text: 'never seen', quirks }, { text: 'seen' }]);
    const model = modelOf(server, { maxRetries: 1, firstByteTimeoutMs: 150, idleTimeoutMs: 150 });
    expect((await callModel(model)).text).toBe('seen');
  });

  it('is tried at most maxRetries times more', async () => {
    const server = await serve(Array.from({ length: 5 }, () => ({ quirks: { status: 429, retryAfter: '0' } })));
    const { error } = await failureOf(modelOf(server, { maxRetries: 2 }));
    expect(error).toMatchObject({ code: 'MODEL_RATE_LIMITED' });
    expect(server.requests).toHaveLength(3);
  });

  it.each<ModelServerQuirks>([{ status: 401 }, { status: 400, errorCode: 'content_filter' }])('with %o is not', async (quirks) => {
    const server = await serve([{ quirks }, { text: 'seen' }]);
    await failureOf(modelOf(server, { maxRetries: 2 }));
    expect(server.requests).toHaveLength(1);
  });

  it('is not tried again when the provider asks for too long a wait', async () => {
    const server = await serve([{ quirks: { status: 429, retryAfter: '31' } }, { text: 'seen' }]);
    const { error } = await failureOf(modelOf(server, { maxRetries: 2 }));
    expect(error).toMatchObject({ code: 'MODEL_RATE_LIMITED', details: { retryAfterMs: 31_000 } });
    expect(server.requests).toHaveLength(1);
  });
});

it('a provider that failed five times in a row is not asked again, whatever the call', async () => {
  const server = await serve(Array.from({ length: 8 }, () => ({ quirks: { status: 503 } })));
  const model = modelOf(server, { maxRetries: 3 });
  await failureOf(model);
  await failureOf(model);
  expect((await failureOf(model)).error).toMatchObject({
    code: 'MODEL_UNAVAILABLE',
    message: expect.stringContaining('The model "test" failed'),
  });
  expect(server.requests).toHaveLength(5);
});

describe('time', () => {
  it('to the first byte is limited', async () => {
    const { error } = await failure({ neverAnswer: true }, { firstByteTimeoutMs: 50 });
    expect(error).toMatchObject({ code: 'MODEL_TIMEOUT', retryable: true });
  });

  it('of an answer without a first byte after its headers is limited', async () => {
    expect((await failure({ silentAfterChunks: 0 }, { firstByteTimeoutMs: 50 })).error.code).toBe('MODEL_TIMEOUT');
  });

  it('of the whole call is limited, although the model never falls silent', async () => {
    for (const endless of ['text', 'comments'] as const) {
      const { error, text } = await failure({ endless }, { callTimeoutMs: 150 });
      expect(error).toMatchObject({ code: 'MODEL_TIMEOUT', message: 'The model took too long to answer.' });
      expect(text.length > 0).toBe(endless === 'text');
    }
  });

  it('of the whole call includes what the reader takes', async () => {
    const server = await serve([{ text: 'abc', chunks: 3 }]);
    let text = '';
    const call = (async () => {
      for await (const chunk of modelOf(server, { callTimeoutMs: 100 }).stream(HELLO, { signal: new AbortController().signal })) {
        if (chunk.type === 'text') text += chunk.delta;
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    })();
    await expect(call).rejects.toMatchObject({ code: 'MODEL_TIMEOUT' });
    expect(text).toBe('a');
  });

  it('that a provider asks to wait is not waited when the call has less left', async () => {
    const server = await serve([{ quirks: { status: 429, retryAfter: '2' } }, { text: 'late' }]);
    const startedAt = performance.now();
    const { error } = await failureOf(modelOf(server, { maxRetries: 1, callTimeoutMs: 1_000 }));
    expect(error).toMatchObject({ code: 'MODEL_RATE_LIMITED' });
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  it('for the end of the body, once the model has ended, is short', async () => {
    const server = await serve([{ text: 'a', quirks: { openAfterDone: true } }]);
    const startedAt = performance.now();
    expect((await callModel(modelOf(server))).end.finish).toBe('stop');
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });

  it('that the reader takes is no silence of the model', async () => {
    const server = await serve([{ text: 'slowly read', chunks: 3 }]);
    let text = '';
    for await (const chunk of modelOf(server, { firstByteTimeoutMs: 2_000, idleTimeoutMs: 100 }).stream(HELLO, {
      signal: new AbortController().signal,
    })) {
      if (chunk.type === 'text') text += chunk.delta;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(text).toBe('slowly read');
  });
});

describe('size', () => {
  it('of one event is limited', async () => {
    const { error } = await failure({ endless: 'line' }, { maxEventBytes: 100_000 });
    expect(error).toMatchObject({ code: 'MODEL_BAD_RESPONSE', retryable: false });
  });

  it('of the tool calls is limited', async () => {
    const { error } = await failure({ endless: 'arguments' }, { maxToolCallBytes: 100_000 });
    expect(error).toMatchObject({ code: 'MODEL_OUTPUT_TOO_LARGE', retryable: false });
  });

  it('of an answer that is not streamed is limited', async () => {
    const { error } = await failure({ notStreamed: true }, { maxEventBytes: 100 });
    expect(error).toMatchObject({ code: 'MODEL_BAD_RESPONSE' });
  });
});

describe('an abort', () => {
  const reason = new Error('The person has changed their mind');

  it('before the call makes no request', async () => {
    const server = await serve([]);
    expect((await failureOf(modelOf(server), AbortSignal.abort(reason))).error).toBe(reason);
    expect(server.connections).toBe(0);
  });

  it.each<[string, ModelServerQuirks]>([
    ['while nothing has come', { neverAnswer: true }],
    ['between the headers and the first chunk', { silentAfterChunks: 0 }],
    ['between chunks', { silentAfterChunks: 3 }],
    ['in an error that never ends', { status: 500, endlessErrorBody: true }],
    ['in an endless answer', { endless: 'text' }],
    ['in an endless line', { endless: 'line' }],
    ['after the end, before the connection is free', { openAfterDone: true }],
    ['between two attempts', { status: 429, retryAfter: '20' }],
  ])('%s ends the call with its reason, and the connection', async (_when, quirks) => {
    const server = await serve([{ text: 'one two three four', chunks: 4, quirks }]);
    const aborter = new AbortController();
    const call = failureOf(modelOf(server, { maxRetries: 2, firstRetryDelayMs: 10_000, maxEventBytes: 2 ** 30 }), aborter.signal);
    // Handled below: it may fail before we look.
    call.catch(() => {});
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    setTimeout(() => aborter.abort(reason), 30);
    const { error } = await call;
    if (quirks.endlessErrorBody === true)
      expect([reason, 'MODEL_UNAVAILABLE']).toContain(error instanceof VerbatimError ? error.code : error);
    else expect(error).toBe(reason);
    // A connection that is free stays open in the pool; one in the middle of an answer does not.
    if (quirks.status === undefined) await vi.waitFor(() => expect(server.openConnections).toBe(0));
  });

  it('while the reader holds a chunk ends the call at the next one', async () => {
    const server = await serve([{ text: 'one two three four', chunks: 4 }]);
    const aborter = new AbortController();
    const chunks = modelOf(server).stream(HELLO, { signal: aborter.signal })[Symbol.asyncIterator]();
    expect((await chunks.next()).done).toBe(false);
    aborter.abort(reason);
    await expect(chunks.next()).rejects.toBe(reason);
    expect((await chunks.next()).done).toBe(true);
  });

  it('leaves no listener on its signal', async () => {
    const server = await serve([{ text: 'a' }, { quirks: { status: 500 } }]);
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const model = modelOf(server);
    await callModel(model, HELLO, signal);
    await failureOf(model, signal);
    expect(added.mock.calls.length).toBeGreaterThan(0);
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
  });

  it('of the reader, by leaving the loop, ends the connection too', async () => {
    const server = await serve([{ quirks: { endless: 'text' } }]);
    for await (const chunk of modelOf(server).stream(HELLO, { signal: new AbortController().signal })) if (chunk.type === 'text') break;
    await vi.waitFor(() => expect(server.openConnections).toBe(0));
  });
});
