import { expect, it, vi } from 'vitest';
import { startModelServer } from '../../src/testing/modelServer.ts';
import { closedGate } from './gate.ts';

function ask(url: string, body: object): Promise<Response> {
  return fetch(`${url}/chat/completions`, { method: 'POST', body: JSON.stringify({ model: 'm', messages: [], ...body }) });
}

it('streams as OpenAI does', async () => {
  const usage = { inputTokens: 3, outputTokens: 2 };
  await using server = await startModelServer({ script: [{ text: 'ab', chunks: 2, toolCalls: [{ name: 't', input: { a: 1 } }], usage }] });
  const response = await ask(server.url, { stream: true, stream_options: { include_usage: true } });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const events = (await response.text()).split('\n\n').filter((event) => event !== '');
  expect(events.at(-1)).toBe('data: [DONE]');
  const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)));
  expect(chunks.map((chunk) => chunk.choices[0]?.delta ?? chunk.usage)).toEqual([
    { role: 'assistant', content: '' },
    { content: 'a' },
    { content: 'b' },
    { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 't', arguments: '' } }] },
    { tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] },
    { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
    {},
    { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  ]);
  expect(chunks.at(-2).choices[0].finish_reason).toBe('tool_calls');
});

it('answers in one document when no stream is asked for', async () => {
  await using server = await startModelServer({ script: [{ text: 'ab', usage: { inputTokens: 3, outputTokens: 2 } }] });
  const answer = await (await ask(server.url, {})).json();
  expect(answer).toMatchObject({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'ab' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
});

it('lists models, and knows nothing else', async () => {
  await using server = await startModelServer({ script: [] });
  expect(await (await fetch(`${server.url}/models`)).json()).toMatchObject({ object: 'list', data: [{ id: 'scripted' }] });
  expect((await fetch(`${server.url}/embeddings`, { method: 'POST', body: '{}' })).status).toBe(404);
  expect((await fetch(`${server.url}/chat/completions`, { method: 'POST', body: '{' })).status).toBe(400);
});

it('keeps the requests, and a step may be a function of its own', async () => {
  await using server = await startModelServer({ script: [({ body }) => ({ text: `I am ${String(body.model)}` })] });
  const answer = await (await ask(server.url, {})).json();
  expect(answer.choices[0].message.content).toBe('I am m');
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.body).toEqual({ model: 'm', messages: [] });
});

it('names the steps that are left over, and fails a request for which there is none', async () => {
  await using server = await startModelServer({ script: [{ text: 'one' }, { text: 'two' }] });
  await (await ask(server.url, {})).text();
  expect(() => server.assertDone()).toThrow('1 steps left over:\n  2: { text: "two" }');
  await (await ask(server.url, {})).text();
  expect(() => server.assertDone()).not.toThrow();
  expect((await ask(server.url, {})).status).toBe(500);
});

it('a quirk of a step wins over the one of the server', async () => {
  await using server = await startModelServer({ script: [{ quirks: { status: 401 } }, {}], quirks: { status: 503 } });
  expect((await ask(server.url, {})).status).toBe(401);
  expect((await ask(server.url, {})).status).toBe(503);
});

it('holds an answer until it is let go', async () => {
  const gate = closedGate();
  await using server = await startModelServer({ script: [{ text: 'ab', until: gate.opened }] });
  const reader = (await ask(server.url, { stream: true })).body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  const done = (async () => {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) seen += part.value;
  })();
  await vi.waitFor(() => expect(seen).toContain('"content":"ab"'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).not.toContain('"finish_reason":"stop"');
  gate.open();
  await done;
  expect(seen).toContain('[DONE]');
});

it('leaves no socket when it is closed in the middle of an answer', async () => {
  const server = await startModelServer({ script: [{ text: 'a', quirks: { silentAfterChunks: 1 } }] });
  const response = await ask(server.url, { stream: true });
  const body = response.text();
  // Handled below, but it may fail before.
  body.catch(() => {});
  expect(server.openConnections).toBe(1);
  await server.close();
  await server.close();
  await expect(body).rejects.toThrow();
  expect(server.openConnections).toBe(0);
});
