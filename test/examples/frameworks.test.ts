import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestServer } from 'verbatim-agents/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ScriptedTurn, startModelServer } from '../../src/testing/index.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { startAnthropicServer } from './anthropicServer.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/frameworks/', import.meta.url));
const JITI = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');

/** Says of every connection that leaves this machine, and lets none do so. */
const GUARD = `import net from 'node:net';
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const { host = 'localhost', path } = options;
  if (path === undefined && !['127.0.0.1', 'localhost', '::1'].includes(host)) {
    process.stderr.write('leaves this machine: ' + host + '\\n');
    options.host = '127.0.0.1';
    options.port = 1;
  }
  return connect.apply(this, args);
};`;

const FRAMEWORKS = ['langGraph', 'openaiAgents', 'aiSdk'] as const;

interface Shop extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** Of the model's API. */
  readonly requests: readonly unknown[];
  readonly openModelConnections: number;
  readonly openToolConnections: number;
}

/** What an example talks to: a model's API that says this, and a warehouse that answers, or does not. */
async function openShop(framework: string, script: readonly ScriptedTurn[], { silent = false } = {}): Promise<Shop> {
  const model = framework === 'aiSdk' ? await startAnthropicServer({ script }) : await startModelServer({ script });
  let openToolConnections = 0;
  const warehouse = createServer((_request, response) => {
    if (!silent) response.end('12');
  });
  warehouse.on('connection', (socket) => {
    openToolConnections++;
    socket.once('close', () => openToolConnections--);
  });
  warehouse.listen(0, '127.0.0.1');
  await once(warehouse, 'listening');
  const { port } = warehouse.address() as AddressInfo;
  return {
    env: {
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'test',
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'test',
      WAREHOUSE_URL: `http://127.0.0.1:${port}`,
    },
    requests: model.requests,
    get openModelConnections() {
      return model.openConnections;
    },
    get openToolConnections() {
      return openToolConnections;
    },
    async [Symbol.asyncDispose]() {
      warehouse.close();
      warehouse.closeAllConnections();
      await model[Symbol.asyncDispose]();
    },
  };
}

/** The example's agent in a server of this process. */
async function serveExample(framework: string, shop: Shop) {
  for (const [name, value] of Object.entries(shop.env)) vi.stubEnv(name, value);
  const { clerkAgent }: typeof import('../../examples/frameworks/openaiAgents.ts') = await import(`${EXAMPLES}${framework}.ts`);
  return createTestServer({ agents: { clerk: clerkAgent } });
}

const LOOK: ScriptedTurn = { toolCalls: [{ name: 'check_stock', input: { item: 'pens' } }] };
const never = new Promise<never>(() => {});

afterEach(() => vi.unstubAllEnvs());

describe.each(FRAMEWORKS)('%s', (framework) => {
  test('streams text and tools as events of the run, with its usage, and talks to nobody else', async () => {
    await using shop = await openShop(framework, [LOOK, { text: 'Yes, there are 12.' }]);
    await using folder = new CliFolder();
    const env = { ...shop.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(GUARD)}` };
    const example = folder.spawn(process.execPath, [JITI, join(EXAMPLES, 'main.ts'), framework], env);
    expect(await example.exited, example.stderr).toEqual({ code: 0, signal: null });
    expect(example.stdout).toMatch(/^looks for pens\nthere are 12\nYes, there are 12\.\ncompleted, [1-9]\d* tokens in, [1-9]\d* out\n$/);
    expect(example.stderr).toBe('');
    expect(JSON.stringify(shop.requests[1])).toContain('12');
  });

  test('the conversation so far reaches the model', async () => {
    await using shop = await openShop(framework, [{ text: 'Hello.' }, { text: 'Hello again.' }]);
    await using server = await serveExample(framework, shop);
    const client = server.client();
    const first = await client.send({ agent: 'clerk', text: 'I am Ann.' });
    await first.result();
    const second = await client.send({ agent: 'clerk', threadId: first.threadId, text: 'Who am I?' });
    expect(await second.text()).toBe('Hello again.');
    const asked = JSON.stringify(shop.requests[1]);
    for (const text of ['I am Ann.', 'Hello.', 'Who am I?']) expect(asked).toContain(text);
  });

  test('a cancel reaches its model: the request is given up, and what was said is kept', async () => {
    await using shop = await openShop(framework, [{ text: 'Let me think', until: never }]);
    await using server = await serveExample(framework, shop);
    const run = await server.client().send({ agent: 'clerk', text: 'Are there pens?' });
    for await (const event of run) if (event.type === 'text.delta') await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'Let me think' });
    await vi.waitFor(() => expect(shop.openModelConnections).toBe(0));
  });

  test('a cancel reaches its tool: the request is given up, and the call has an outcome', async () => {
    await using shop = await openShop(framework, [LOOK, { text: 'never' }], { silent: true });
    await using server = await serveExample(framework, shop);
    const run = await server.client().send({ agent: 'clerk', text: 'Are there pens?' });
    const types: string[] = [];
    for await (const event of run) {
      types.push(event.type);
      if (event.type !== 'tool.called') continue;
      await vi.waitFor(() => expect(shop.openToolConnections).toBe(1));
      await run.cancel();
    }
    await vi.waitFor(() => expect(shop.openToolConnections).toBe(0));
    expect(types.slice(-2)).toEqual(['tool.failed', 'run.cancelled']);
    expect(shop.requests).toHaveLength(1);
  });
});

test('each example has fewer than 80 lines', () => {
  const files = readdirSync(EXAMPLES);
  expect(files.sort()).toEqual([...FRAMEWORKS.map((name) => `${name}.ts`), 'main.ts', 'warehouse.ts'].sort());
  for (const file of files) expect(readFileSync(join(EXAMPLES, file), 'utf8').split('\n').length, file).toBeLessThan(80);
});
