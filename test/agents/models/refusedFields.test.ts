import { afterEach, expect, it, vi } from 'vitest';
import type { ModelRequest } from '../../../src/agents/model.ts';
import { type OpenAIOptions, openai } from '../../../src/agents/models/openai.ts';
import { type ModelServer, type ModelServerOptions, startModelServer } from '../../../src/testing/modelServer.ts';
import { callModel, HELLO } from './callModel.ts';

const PERSON = { name: 'person', schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } };
const ASK: ModelRequest = { ...HELLO, output: PERSON };
const open: (() => Promise<void> | undefined)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(quirks: ModelServerOptions['quirks'] = {}): Promise<ModelServer> {
  const server = await startModelServer({ script: () => ({ text: '{"name":"Ada"}' }), quirks });
  open.push(() => server.close());
  return server;
}

function modelOf(server: ModelServer, options: OpenAIOptions = {}) {
  const model = openai('m', { baseURL: server.url, apiKey: 'k', maxRetries: 0, structuredOutput: true, ...options });
  open.push(() => model.close?.());
  return model;
}

it('a schema goes to OpenAI itself unless told otherwise, and to no other server unless told so', async () => {
  vi.stubEnv('OPENAI_BASE_URL', '');
  expect([openai('m').structuredOutput, openai('m', { structuredOutput: false }).structuredOutput]).toEqual([true, false]);
  expect(openai('m').attachments).toContain('image/png');
  vi.stubEnv('OPENAI_BASE_URL', 'http://localhost:11434/v1');
  expect([openai('m').structuredOutput, openai('m', { structuredOutput: true }).structuredOutput]).toEqual([false, true]);
  expect([openai('m').attachments, openai('m', { attachments: ['image/*'] }).attachments]).toEqual([[], ['image/*']]);
  const server = await serve();
  await callModel(modelOf(server, { structuredOutput: false }), ASK);
  expect(server.requests[0]?.body).not.toHaveProperty('response_format');
});

it.each([
  ['chat', 'response_format', 'messages'],
  ['responses', 'text', 'instructions'],
] as const)(
  'a server that refuses the schema over %s is asked once in words, and says from then on that it takes none',
  async (api, field, words) => {
    const server = await serve({ rejectFields: [field] });
    const model = modelOf(server, { api });
    expect(model.structuredOutput).toBe(true);
    await callModel(model, ASK);
    expect(model.structuredOutput).toBe(false);
    await callModel(model, ASK);
    expect(server.requests.map(({ body }) => field in body)).toEqual([true, false, false]);
    const inWords = server.requests.map(({ body }) => JSON.stringify(body[words] ?? '').includes('Answer with JSON alone'));
    // Known to take none, it is for the caller to ask in words.
    expect(inWords).toEqual([false, true, false]);
  },
);

it('a refusal that does not say why is blamed on one field after the other, and only the last of them is kept out', async () => {
  const server = await serve({ rejectStreamOptions: 422 });
  const model = modelOf(server);
  await callModel(model, ASK);
  const sent = (): string[] =>
    server.requests.map(({ body }) => ['response_format', 'stream_options'].filter((field) => field in body).join('+'));
  expect(sent()).toEqual(['response_format+stream_options', 'stream_options', '']);
  expect(model.structuredOutput).toBe(true);
  await callModel(model, ASK);
  expect(sent().slice(3)).toEqual(['response_format']);
});

it('a model that does not reason is asked once without reasoning, and never for it again', async () => {
  const server = await serve({ rejectFields: ['reasoning'] });
  const model = modelOf(server, { api: 'responses' });
  expect((await callModel(model)).text).toBe('{"name":"Ada"}');
  await callModel(model);
  expect(server.requests.map(({ body }) => ['reasoning' in body, 'include' in body])).toEqual([
    [true, true],
    [false, false],
    [false, false],
  ]);
});

it('encrypted reasoning that the provider cannot read is left out of that call, and the thread goes on', async () => {
  const server = await serve({ rejectEncrypted: true });
  const model = modelOf(server, { api: 'responses' });
  const state = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'of another organisation' };
  const request: ModelRequest = {
    ...HELLO,
    messages: [
      { role: 'user', text: 'Go' },
      {
        role: 'assistant',
        text: '',
        toolCalls: [{ callId: 'c1', tool: 't', input: {} }],
        providerState: { provider: 'openai-responses/m', items: [state, { type: 'function_call', place: 0 }] },
      },
      { role: 'tool', callId: 'c1', tool: 't', output: 'ok', isError: false },
    ],
  };
  await callModel(model, request);
  await callModel(model, request);
  const encrypted = server.requests.map(({ body }) => JSON.stringify(body.input).includes('of another organisation'));
  expect(encrypted).toEqual([true, false, true, false]);
  expect(server.requests.every(({ body }) => 'reasoning' in body)).toBe(true);
});
