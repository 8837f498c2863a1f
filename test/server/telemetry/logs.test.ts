import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import pino from 'pino';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, openai, type ServerOptions } from '../../../src/index.ts';
import { parseLogLevels } from '../../../src/server/telemetry/logLevels.ts';
import { Logs } from '../../../src/server/telemetry/logs.ts';
import { REDACTED, redactError, redactFields, redactText } from '../../../src/server/telemetry/redact.ts';
import { createTestServer, scriptedModel, startModelServer } from '../../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';
import { scriptBundle } from '../../support/scriptBundle.ts';
import { startServer } from '../startServer.ts';

checkLeaksAfterwards();

type Line = Readonly<Record<string, unknown>>;

/** A logger of pino's that keeps its lines. */
function kept(): {
  readonly logger: NonNullable<ServerOptions['logger']>;
  readonly lines: () => readonly Line[];
  readonly all: () => string;
} {
  const written: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void written.push(line) });
  return { logger, lines: () => written.map((line) => JSON.parse(line) as Line), all: () => written.join('') };
}

test('no token, cookie, password or content is in the log, whichever way it came', async () => {
  const secrets = {
    header: 'hdr-a81f-bearer-secret',
    apiKey: 'key-77aa-secret',
    cookie: 'ck-5511-secret',
    param: 'param-9f3e-secret',
    ticket: 'tick-0b1c-secret',
    model: 'sk-proj-abcdef0123456789abcd',
    text: 'my diagnosis is rare xq71',
    input: 'iban DE00 1234 zz9',
    thrown: 'pw-in-url-77',
    answer: 'the model said plum-cake-42',
  };
  const { logger, lines, all } = kept();
  await using models = await startModelServer({
    script: [{ text: secrets.answer, toolCalls: [{ name: 'pay', input: { account: secrets.input } }] }],
  });
  const provider = createServer(async (request, response) => {
    const body = await text(request);
    if (models.requests.length === 0) {
      const answer = await fetch(models.url + (request.url ?? ''), {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      response.writeHead(answer.status, { 'content-type': 'text/event-stream' }).end(await answer.text());
      return;
    }
    const message = `Bad key ${secrets.model} for "${secrets.text}" and "${secrets.answer}"`;
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { message, code: 'bad_key', param: body } }));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  afterTest(() => provider.close());
  const pay = defineTool({
    name: 'pay',
    description: '',
    input: z.object({ account: z.string() }),
    output: z.string(),
    execute: ({ account }) => {
      throw new Error(`POST https://user:${secrets.thrown}@bank.example/?token=${secrets.ticket} refused ${account}`);
    },
  });
  const model = openai('gpt-test', { baseURL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`, apiKey: secrets.model });
  const { url, port } = await startServer({
    agents: { bot: defineAgent({ description: '', model, tools: [pay] }) },
    authenticate: ({ token }) => {
      if (token === secrets.param) throw new Error(`no such token ${token}: authorization: Bearer ${token}`);
      return { id: 'ann' };
    },
    logger,
    log: { level: 'debug' },
  });
  const headers = {
    authorization: `Bearer ${secrets.header}`,
    'x-api-key': secrets.apiKey,
    cookie: `verbatim=${secrets.cookie}`,
    'content-type': 'application/json',
    'x-request-id': 'req-of-the-client',
  };
  const body = JSON.stringify({ json: { agent: 'bot', text: secrets.text, metadata: { password: secrets.thrown } } });
  const sent = await fetch(`${url}/trpc/messages.send?ticket=${secrets.ticket}`, { method: 'POST', headers, body });
  const receipt = (
    (await sent.json()) as { readonly result: { readonly data: { readonly json: { readonly runId: string; readonly threadId: string } } } }
  ).result.data.json;
  await fetch(`${url}/nothing/${secrets.ticket}?token=${secrets.ticket}`, { headers });
  await fetch(`${url}/trpc/%E0%A4%A?token=${secrets.ticket}`, { headers });
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/trpc?connectionParams=1&ticket=${secrets.ticket}`);
  socket.on('open', () => socket.send(JSON.stringify({ method: 'connectionParams', data: { token: secrets.param } })));
  await new Promise((resolve) => socket.once('close', resolve));
  await vi.waitFor(() => expect(lines().map(({ msg }) => msg)).toContain('a run ended'), { timeout: 10_000 });

  const said = all();
  for (const [name, secret] of Object.entries(secrets)) expect([name, said.includes(secret)]).toEqual([name, false]);
  const { runId, threadId } = receipt;
  expect(lines()).toContainEqual(
    expect.objectContaining({ msg: 'a tool failed', module: 'run', level: 40, runId, threadId, principalId: 'ann', step: 1, tool: 'pay' }),
  );
  expect(lines()).toContainEqual(expect.objectContaining({ msg: 'a run failed', level: 50, runId, threadId, step: 2 }));
  expect(lines()).toContainEqual(
    expect.objectContaining({
      msg: 'a call was answered',
      path: 'messages.send',
      requestId: 'req-of-the-client',
      principalId: 'ann',
      code: 'OK',
    }),
  );
  const opened = lines().find(({ msg }) => msg === 'a connection was opened');
  expect(opened?.connectionId).toMatch(/^conn_/);
  // What is left of the tool's words still says what happened.
  expect(said).toContain(`POST https://${REDACTED}@bank.example/?token=${REDACTED} refused ${REDACTED}`);
});

test('a call over a socket is named by its connection and its number', async () => {
  const { logger, lines } = kept();
  await using server = await createTestServer({
    agents: { bot: defineAgent({ description: '', model: scriptedModel([]) }) },
    logger,
    log: { level: 'debug' },
  });
  const client = server.client();
  await client.agents.list();
  await client.agents.list();
  const calls = lines().filter(({ msg }) => msg === 'a call was answered');
  expect(calls.map(({ requestId, connectionId }) => String(requestId).replace(String(connectionId), ''))).toEqual(['.1', '.2']);
});

test('each module has a level of its own', () => {
  const { logger, lines } = kept();
  const logs = new Logs({ logger, log: { level: 'warn', modules: { run: 'debug', http: 'silent' } } });
  logs.of('run').debug({}, 'run debug');
  logs.of('call').info({}, 'call info');
  logs.of('call').warn({}, 'call warn');
  logs.of('http').error({ err: new Error('no') }, 'http error');
  expect(lines().map(({ msg, module }) => [module, msg])).toEqual([
    ['run', 'run debug'],
    ['call', 'call warn'],
  ]);
});

test('levels are read from a text, and what is none is named', () => {
  expect(parseLogLevels('info, run=debug')).toEqual({ level: 'info', modules: { run: 'debug' } });
  expect(parseLogLevels('run=debug,tool=silent')).toEqual({ modules: { run: 'debug', tool: 'silent' } });
  expect(() => parseLogLevels('loud')).toThrow(/"loud" is no log level/);
  expect(() => parseLogLevels('info,runs=debug')).toThrow(/"runs" is no part of the server/);
});

test('onError gets each error that is logged with its ids, without secrets; what it throws ends nothing', async () => {
  const { logger, lines } = kept();
  const onError = vi.fn(() => {
    throw new Error('sentry is down');
  });
  const model = scriptedModel([{ text: 'unused' }]);
  const agent = defineAgent({
    description: '',
    model,
    instructions: () => {
      throw new Error('password=hunter2222 was refused');
    },
  });
  await using server = await createTestServer({ agents: { bot: agent }, logger, onError });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  expect((await run.result()).status).toBe('failed');
  expect(onError).toHaveBeenCalledWith(
    expect.objectContaining({ message: `password=${REDACTED} was refused` }),
    expect.objectContaining({ module: 'run', runId: run.id, principalId: 'local' }),
  );
  expect(lines()).toContainEqual(expect.objectContaining({ msg: 'onError failed' }));
  await model
    .stream({ instructions: '', messages: [], tools: [], options: {} }, { signal: AbortSignal.timeout(1_000) })
    [Symbol.asyncIterator]()
    .next();
});

test('without a logger warnings and errors are lines of JSON on stderr', async () => {
  const env = { ...process.env, VERBATIM_LOG_LEVEL: '' };
  const child = spawn(process.execPath, [scriptBundle(new URL('logLines.ts', import.meta.url))], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stderr = await text(child.stderr);
  const lines = stderr.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: 40, module: 'run', runId: 'run_1', token: REDACTED, msg: 'but this' }),
  ]);
});

test('an error is masked as deep as it goes, and is of the same kind', () => {
  class Refused extends TypeError {
    readonly request = { headers: { authorization: 'Bearer abc' } };
    readonly code = 'ERR_REFUSED';
  }
  const inner = new Refused('Bearer abc.def was refused');
  const error = new AggregateError([inner], 'cookie: a=b; c=d', { cause: inner });
  const masked = redactError(error);
  expect(masked).toBeInstanceOf(AggregateError);
  expect(JSON.stringify([masked.message, masked.stack, masked.cause, (masked.cause as Error).stack])).not.toMatch(/abc|c=d/);
  expect(masked.cause).toBeInstanceOf(Refused);
  expect(masked.cause).toMatchObject({ code: 'ERR_REFUSED', message: `Bearer ${REDACTED} was refused` });
  expect(masked.cause).not.toHaveProperty('request');
  expect(redactFields({ a: { b: { apiKey: 'x', inputTokens: 3, text: 'hello' } }, runId: 'run_01h455vb4pex5vsknk084sn02q' })).toEqual({
    a: { b: { apiKey: REDACTED, inputTokens: 3, text: REDACTED } },
    runId: 'run_01h455vb4pex5vsknk084sn02q',
  });
});

function failedIn(message: string, frames: readonly string[]): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}\n${frames.map((frame) => `    at ${frame}`).join('\n')}`;
  return error;
}

test('a stack says where it was, though its paths have words that somebody said, or that keys begin with', () => {
  const frames = [
    'skipWhitespaceAndComments (/srv/app/src/orders/pkgReaderOfThings.ts:12:3)',
    'async Object.execute (file:///srv/app/(shop)/node_modules/.pnpm/ghostscript-parser@1.0/refund.mjs:1:20)',
    'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    'C:\\app\\orders\\refund.js:1:2',
    'async Promise.all (index 0)',
  ];
  const { stack } = redactError(failedIn('the refund of orders failed', frames), ['orders', 'refund', 'node', 'task', 'ghost']);
  expect(stack?.split('\n')).toEqual([`Error: the ${REDACTED} of ${REDACTED} failed`, ...frames.map((frame) => `    at ${frame}`)]);
});

test('a stack has no secret and no content all the same', () => {
  const long = 'my diagnosis is rare xq71';
  const frames = [
    'Object.hunter22 (/srv/app/tool.js:1:2)',
    `run (/srv/app/${long}/tool.js:1:2)`,
    'run (/srv/app/sk-proj-abcdef0123456789abcd/tool.js:1:2)',
    'run (data:text/javascript,hunter22:1:2)',
    'hunter22 (eval at run (/srv/app/tool.js:1:2), <anonymous>:1:1)',
    'run (/srv/app/hunter22)',
    `${'('.repeat(2_000)}hunter22 (/srv/app/tool.js:1:2)`,
  ];
  const said = `no\n    at login (/srv/hunter22/tool.js:1:2)`;
  for (const error of [failedIn(said, frames), Object.assign(failedIn(said, frames), { message: 'another' })]) {
    const { stack = '' } = redactError(error, ['hunter22', long]);
    expect(stack).not.toMatch(/hunter22|diagnosis|sk-proj/);
    expect(stack).toContain(`Object.${REDACTED} (/srv/app/tool.js:1:2)`);
  }
});

test.each([
  ['skipWhitespaceAndComments in pkgReaderOfThings', 'skipWhitespaceAndComments in pkgReaderOfThings'],
  ['sk-abcdef0123456789 AKIAIOSFODNN7EXAMPLE', `${REDACTED} ${REDACTED}`],
  ['vbk_1aB2cD3e_abcd vba_abcdefghijkl vbr_abcdefghijkl vblink_abcdefghijkl', Array(4).fill(REDACTED).join(' ')],
  ['see https://x.example/a?ticket=abc&b=1', `see https://x.example/a?ticket=${REDACTED}&b=1`],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln is no token', `${REDACTED} is no token`],
  ['{"refresh_token":"abc","code":"EPIPE"}', `{"refresh_token":"${REDACTED}","code":"EPIPE"}`],
  ['code=ECONNREFUSED after 3 tokens', 'code=ECONNREFUSED after 3 tokens'],
  ['run_01h455vb4pex5vsknk084sn02q ended', 'run_01h455vb4pex5vsknk084sn02q ended'],
])('%s is logged as %s', (given, logged) => expect(redactText(given)).toBe(logged));
