import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Embeddings } from '../../../src/agents/embeddings/embeddings.ts';
import { type OpenAIEmbeddingsOptions, openaiEmbeddings } from '../../../src/agents/embeddings/openaiEmbeddings.ts';
import { checkLeaks } from '../../support/leakCheck.ts';
import { answerTo, base64Of, type EmbeddingAnswer, type EmbeddingRequest, startEmbeddingServer, vectorOf } from './embeddingServer.ts';

checkLeaks();

const never = (): AbortSignal => new AbortController().signal;
const TEXTS = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];

function over(server: { readonly url: string }, options: OpenAIEmbeddingsOptions = {}): Embeddings {
  const embeddings = openaiEmbeddings('small', { baseURL: server.url, apiKey: 'sk-1', firstRetryDelayMs: 1, ...options });
  onTestFinished(() => embeddings.close?.());
  return embeddings;
}

async function embedWith(
  answer: (request: EmbeddingRequest, number: number) => EmbeddingAnswer | undefined,
  options: OpenAIEmbeddingsOptions = {},
) {
  await using server = await startEmbeddingServer(answer);
  const embedded = await over(server, options).embed(TEXTS, { signal: never() });
  return { ...embedded, requests: server.requests };
}

it('texts become vectors in their order, asked for as base64', async () => {
  await using server = await startEmbeddingServer();
  const embeddings = over(server, { headers: { 'x-team': 'verbatim' }, dimensions: 3 });
  expect(await embeddings.embed(TEXTS, { signal: never() })).toEqual({
    vectors: TEXTS.map(vectorOf),
    usage: { inputTokens: 5, outputTokens: 0 },
  });
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer sk-1', 'x-team': 'verbatim' });
  expect(server.requests[0]?.body).toEqual({ model: 'small', input: TEXTS, encoding_format: 'base64', dimensions: 3 });
  expect([embeddings.name, over(server).name]).toEqual(['small/3', 'small']);
});

it('no texts are no request', async () => {
  await using server = await startEmbeddingServer();
  expect(await over(server).embed([], { signal: never() })).toEqual({ vectors: [], usage: { inputTokens: 0, outputTokens: 0 } });
  expect(server.requests).toHaveLength(0);
});

describe('many texts are several requests', () => {
  it.each([
    ['of as many texts as one may have', { maxBatchTexts: 2 }, [2, 2, 1]],
    ['of as much text as one may have', { maxBatchLength: 6 }, [3, 1, 1]],
    ['of one text where that alone is too long', { maxBatchLength: 1 }, [1, 1, 1, 1, 1]],
  ])('%s', async (_what, options, sizes) => {
    const { vectors, usage, requests } = await embedWith(() => undefined, options);
    expect(vectors).toEqual(TEXTS.map(vectorOf));
    expect(usage).toEqual({ inputTokens: 5, outputTokens: 0 });
    expect(requests.map(({ body }) => body.input.length)).toEqual(sizes);
  });
});

describe('a server that', () => {
  it.each<[string, (request: EmbeddingRequest) => unknown]>([
    ['does not know base64', (request) => answerTo({ ...request, body: { ...request.body, encoding_format: 'float' } })],
    ['answers in another order', (request) => ({ ...answerTo(request), data: answerTo(request).data.reverse() })],
    ['leaves out the index', (request) => ({ ...answerTo(request), data: answerTo(request).data.map(({ embedding }) => ({ embedding })) })],
    [
      'has 0 as every index',
      (request) => ({ ...answerTo(request), data: answerTo(request).data.map((entry) => ({ ...entry, index: 0 })) }),
    ],
  ])('%s is understood', async (_what, body) => {
    const { vectors, requests } = await embedWith((request) => ({ body: body(request) }));
    expect(vectors).toEqual(TEXTS.map(vectorOf));
    expect(requests).toHaveLength(1);
  });

  it('refuses encoding_format is asked once more without, and then always', async () => {
    await using server = await startEmbeddingServer(({ body }) =>
      'encoding_format' in body ? { status: 400, body: { error: { message: 'Unknown field: encoding_format' } } } : undefined,
    );
    const embeddings = over(server, { maxRetries: 0 });
    expect((await embeddings.embed(['a'], { signal: never() })).vectors).toEqual([vectorOf('a')]);
    await embeddings.embed(['b'], { signal: never() });
    expect(server.requests.map(({ body }) => 'encoding_format' in body)).toEqual([true, false, false]);
  });

  it('reports no usage leaves us with an estimate', async () => {
    const { usage } = await embedWith((request) => ({ body: answerTo(request, null) }));
    expect(usage).toEqual({ inputTokens: 4, outputTokens: 0, estimated: true });
  });

  it('is out for a moment is asked again', async () => {
    const { vectors, requests } = await embedWith((_request, number) => (number === 1 ? { status: 503, body: {} } : undefined));
    expect(vectors).toEqual(TEXTS.map(vectorOf));
    expect(requests).toHaveLength(2);
  });

  it('is out is left alone after five failures', async () => {
    await using server = await startEmbeddingServer(() => ({ status: 503, body: {} }));
    const embeddings = over(server, { maxRetries: 9 });
    await expect(embeddings.embed(['a'], { signal: never() })).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    await expect(embeddings.embed(['a'], { signal: never() })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringContaining('The embedding model "small" failed too often'),
    });
    expect(server.requests).toHaveLength(5);
  });

  it.each<[string, EmbeddingAnswer, string]>([
    ['refuses the key', { status: 401, body: { error: { message: 'sk-1 at https://secret' } } }, 'MODEL_UNAUTHORIZED'],
    ['refuses the texts', { status: 400, body: { error: { message: 'too long' } } }, 'MODEL_BAD_REQUEST'],
    ['says nothing', { silent: true }, 'MODEL_TIMEOUT'],
    ['sends HTML', { body: '<html>' }, 'MODEL_BAD_RESPONSE'],
    ['sends no vectors', { body: {} }, 'MODEL_BAD_RESPONSE'],
    ['sends too few vectors', { body: { data: [{ index: 0, embedding: [1] }] } }, 'MODEL_BAD_RESPONSE'],
    ['sends an index twice', { body: { data: [0, 1, 1, 3, 4].map((index) => ({ index, embedding: [1] })) } }, 'MODEL_BAD_RESPONSE'],
    ['sends an empty vector', { body: { data: TEXTS.map((_, index) => ({ index, embedding: [] })) } }, 'MODEL_BAD_RESPONSE'],
    ['sends what is no number', { body: { data: TEXTS.map((_, index) => ({ index, embedding: [null] })) } }, 'MODEL_BAD_RESPONSE'],
    ['sends NaN', { body: { data: TEXTS.map((_, index) => ({ index, embedding: base64Of([Number.NaN]) })) } }, 'MODEL_BAD_RESPONSE'],
    [
      'sends vectors of two lengths',
      { body: { data: TEXTS.map((text, index) => ({ index, embedding: text === 'a' ? [1] : [1, 2] })) } },
      'MODEL_BAD_RESPONSE',
    ],
    ['sends too much', { body: ' '.repeat(2_000) }, 'MODEL_BAD_RESPONSE'],
  ])('%s fails the call', async (_what, answer, code) => {
    const failed = embedWith(() => answer, { maxRetries: 0, ...(answer.silent && { firstByteTimeoutMs: 50 }), maxAnswerBytes: 1_000 });
    await expect(failed).rejects.toMatchObject({ code, message: expect.not.stringMatching(/sk-|https?:/) });
  });
});

it('an abort ends the call with its reason', async () => {
  await using server = await startEmbeddingServer(() => ({ silent: true }));
  const aborter = new AbortController();
  const call = over(server).embed(['a'], { signal: aborter.signal });
  call.catch(() => {});
  await vi.waitFor(() => expect(server.requests).toHaveLength(1));
  const reason = new Error('enough');
  aborter.abort(reason);
  await expect(call).rejects.toBe(reason);
  await expect(over(server).embed(['a'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(server.requests).toHaveLength(1);
});
