import { once } from 'node:events';
import { chmodSync, cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { watchClock } from '../../../src/cli/doctor/checkClock.ts';
import { checkDatabase } from '../../../src/cli/doctor/checkDatabase.ts';
import { checkDescriptors, checkNode, checkSqlite } from '../../../src/cli/doctor/checkMachine.ts';
import { checkPort } from '../../../src/cli/doctor/checkPort.ts';
import { checkProviders } from '../../../src/cli/doctor/checkProviders.ts';
import { checkSecrets, weaknessOf } from '../../../src/cli/doctor/checkSecrets.ts';
import { openDatabase } from '../../../src/db/openDatabase.ts';
import { findSqlite } from '../../../src/db/sqlite.ts';
import { cached, fallback, openai } from '../../../src/index.ts';
import { createTestServer, scriptedModel } from '../../../src/testing/index.ts';
import { tempFolder } from '../../db/tempFolder.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';

checkLeaksAfterwards();

const GIB = 1024 ** 3;
const EXT4 = 0xef53;
const disk = (type = EXT4, freeBytes = 100 * GIB) => ({ type, freeBytes });

test('Node is new enough, or the line says which is', () => {
  expect(checkNode('20.19.0').status).toBe('ok');
  expect(checkNode('24.1.0').status).toBe('ok');
  expect(checkNode('20.18.1')).toMatchObject({ status: 'problem', message: 'This is Node 20.18.1; Verbatim needs 20.19 or later.' });
  expect(checkNode('18.20.0').status).toBe('problem');
  expect(checkNode('23.1.0')).toMatchObject({ status: 'warning', remedy: expect.stringContaining('even number') });
});

test('the native module is loaded, or its remedy told', () => {
  expect(checkSqlite()).toMatchObject({ status: 'ok', message: expect.stringMatching(/^SQLite 3\.\d+/) });
  const none = Object.assign(() => {}, {
    resolve: () => {
      throw new Error('no such module');
    },
  }) as unknown as NodeJS.Require;
  const found = checkSqlite(() => findSqlite(24, none));
  expect(found).toMatchObject({
    status: 'problem',
    message: expect.stringContaining('cannot be loaded.'),
    remedy: expect.stringContaining('npm install'),
  });
});

test('descriptors are enough for the connections of the limit', () => {
  expect(checkDescriptors(20_000, 65_536).status).toBe('ok');
  expect(checkDescriptors(20_000, 20_255)).toMatchObject({ status: 'warning', remedy: expect.stringContaining('LimitNOFILE=') });
  expect(checkDescriptors(20_000, 20_256).status).toBe('ok');
  expect(checkDescriptors(Number.POSITIVE_INFINITY, 1_024)).toMatchObject({
    status: 'warning',
    message: expect.stringContaining('room for 768'),
  });
  expect(checkDescriptors(20_000, Number.POSITIVE_INFINITY).status).toBe('ok');
  expect(checkDescriptors(20_000, null).status).toBe('ok');
  // This process's own.
  expect(checkDescriptors(1).message).toMatch(/^(?:[\d,]+ files|no limit)/);
});

describe('the clock', () => {
  const NOW = Date.UTC(2026, 10, 21);
  const look = (facts: { newestAt?: number; told?: { by: string; theirs: number; ours: number }[] }, times = [NOW, NOW + 1_000]) => {
    let at = 0;
    const finding = watchClock({ wall: () => times[at++] ?? Number.NaN, monotonic: () => (at - 1) * 1_000 })({
      newestAt: facts.newestAt,
      told: facts.told ?? [],
    });
    return finding;
  };

  test('is right when nothing says otherwise', () => expect(look({ newestAt: NOW - 1, told: [] }).status).toBe('ok'));
  test('is wrong before this version was made', () => expect(look({}, [0, 1_000]).status).toBe('problem'));
  test('is wrong when the database has seen later times', () => {
    expect(look({ newestAt: NOW + 62_000 })).toMatchObject({ status: 'problem', message: expect.stringContaining('was set back') });
    expect(look({ newestAt: NOW + 60_000 }).status).toBe('ok');
  });
  test('was moved when it and the time that nobody sets come apart', () => {
    expect(look({}, [NOW, NOW + 5_000])).toMatchObject({ status: 'warning', message: 'It was moved by 4000 ms in this moment.' });
  });
  test('is compared with that of a provider', () => {
    expect(look({ told: [{ by: 'api.example', theirs: NOW - 90_000, ours: NOW }] })).toMatchObject({
      status: 'warning',
      message: 'It is 90 s ahead of that of api.example.',
    });
    expect(look({ told: [{ by: 'api.example', theirs: NOW + 29_000, ours: NOW }] }).status).toBe('ok');
  });
});

describe('secrets', () => {
  test.each([
    ['secret', 'everybody knows it'],
    ['your-256-bit-secret', 'everybody knows it'],
    ['Change_Me!', 'everybody knows it'],
    ['super-secret-jwt-token', 'everybody knows it'],
    ['sk-your-api-key-here', 'everybody knows it'],
    ['xxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'everybody knows it'],
    ['kT9!x', 'it has 5 characters'],
    ['kT9!xq2Lm0Pw7Rz', 'it has 15 characters'],
    ['abababababababababababababababab', 'it repeats itself'],
    ['k9xk9xk9xk9xk9xk9xk9xk9xk9xk9xk9', 'it repeats itself'],
    ['abcdefghijklmnopqrstuvwxyz0123456789', 'it repeats itself, or counts'],
  ])('%s is weak: %s', (value, why) => expect(weaknessOf(value)).toContain(why));

  test.each([
    'kT9!xq2Lm0Pw7Rz4',
    'pYf0c5QK8c3rVn2yG1mT4hWzUq7LdXbA',
    '9f86d081884c7d659a2feaa0c55ad015',
    '-----BEGIN PRIVATE KEY-----\nabc',
  ])('%s is not', (value) => expect(weaknessOf(value)).toBeUndefined());

  test('are named and never shown, and a file that everybody may read is told of', () => {
    const file = join(tempFolder(), 'jwt');
    writeFileSync(file, 'hunter2-hunter2');
    chmodSync(file, 0o644);
    const findings = checkSecrets([{ name: 'JWT_SECRET', value: 'hunter2-hunter2', file }]);
    expect(findings.map(({ status, message }) => [status, message.replace(file, 'FILE')])).toEqual([
      ['warning', 'JWT_SECRET is weak: it has 15 characters, and 16 are few.'],
      ['warning', 'JWT_SECRET is in FILE, which every user of this machine can read.'],
    ]);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
    chmodSync(file, 0o640);
    expect(checkSecrets([{ name: 'JWT_SECRET', value: 'pYf0c5QK8c3rVn2yG1mT4hWzUq7LdXbA', file }])).toMatchObject([{ status: 'ok' }]);
  });
});

describe('the port', () => {
  test('is free, taken, or in use by the server that is running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    expect(await checkPort(port, '127.0.0.1', false)).toMatchObject({
      status: 'problem',
      message: `Port ${port} on 127.0.0.1 is taken by another program.`,
    });
    expect((await checkPort(port, '127.0.0.1', true)).status).toBe('ok');
    await new Promise((resolve) => taken.close(resolve));
    expect((await checkPort(port, '127.0.0.1', false)).status).toBe('ok');
  });

  test('of an address of another machine is a problem', async () => {
    expect(await checkPort(3000, '192.0.2.1', false)).toMatchObject({
      status: 'problem',
      message: '192.0.2.1 is no address of this machine.',
    });
  });
});

describe('the database', () => {
  const listing = (folder: string) =>
    readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs, statSync(join(folder, name)).size]);

  test('beside a running server, after it and before it: the state is told, and no file is touched', async () => {
    const folder = tempFolder();
    const database = join(folder, 'v.db');
    expect(checkDatabase(database, () => disk()).findings.at(-1)?.message).toContain('is not there yet');
    expect(readdirSync(folder)).toEqual([]);
    const model = scriptedModel([{ text: 'Hi.' }]);
    const server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model }) }, database });
    const from = Date.now();
    await (await server.client().send({ agent: 'bot', text: 'Hello' })).result();
    const running = listing(folder);
    const beside = checkDatabase(database, () => disk());
    expect(beside).toMatchObject({ isRunning: true, newestAt: expect.closeTo(from, -5) });
    expect(beside.findings.at(-1)?.message).toContain('a server is running on it');
    expect(listing(folder)).toEqual(running);
    await server[Symbol.asyncDispose]();
    const stopped = listing(folder);
    const after = checkDatabase(database, () => disk());
    expect(after).toMatchObject({ isRunning: false, newestAt: beside.newestAt });
    expect(listing(folder)).toEqual(stopped);
    expect(after.findings.filter(({ status }) => status === 'problem')).toEqual([]);
  });

  test('that a killed server left keeps its write-ahead log', async () => {
    const [folder, left] = [tempFolder(), tempFolder()];
    const open = openDatabase({ file: join(folder, 'v.db') });
    open.raw.exec('create table more (x)');
    for (const name of ['v.db', 'v.db-wal']) cpSync(join(folder, name), join(left, name));
    await open.close();
    const before = listing(left);
    expect(checkDatabase(join(left, 'v.db'), () => disk())).toMatchObject({ isRunning: false });
    expect(listing(left)).toEqual(expect.arrayContaining(before));
  });

  test('on a network disk, in memory or in a container, on a full disk: each has its line', () => {
    const file = join(tempFolder(), 'v.db');
    const statuses = (facts: ReturnType<typeof disk>) =>
      checkDatabase(file, () => facts)
        .findings.filter(({ status }) => status !== 'ok')
        .map(({ check, status }) => `${check} ${status}`);
    expect(statuses(disk(0x6969))).toEqual(['disk problem']);
    expect(statuses(disk(0x01021994))).toEqual(['disk warning']);
    expect(statuses(disk(0x794c7630))).toEqual(['disk warning']);
    expect(statuses(disk(EXT4, GIB - 1))).toEqual(['space warning']);
    expect(statuses(disk(EXT4, GIB / 4 - 1))).toEqual(['space problem']);
    expect(statuses(disk(EXT4, GIB))).toEqual([]);
    expect(checkDatabase(':memory:').findings).toMatchObject([{ status: 'warning' }]);
  });

  test('that is none, of another program, in no folder, or readable by everybody is told', async () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    writeFileSync(file, 'not a database, and long enough not to be taken for an empty one');
    const last = (name: string) => checkDatabase(name, () => disk()).findings.at(-1);
    expect(last(file)).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('damaged'),
      remedy: expect.stringContaining('backup'),
    });
    expect(last(join(folder, 'none', 'v.db'))).toMatchObject({ status: 'problem', message: expect.stringContaining('does not exist') });
    rmSync(file);
    await openDatabase({ file }).close();
    chmodSync(file, 0o644);
    const readable = () => checkDatabase(file, () => disk()).findings.some(({ message }) => message.startsWith('Every user'));
    chmodSync(folder, 0o755);
    expect(readable()).toBe(true);
    chmodSync(folder, 0o700);
    expect(readable()).toBe(false);
  });
});

describe('providers', () => {
  const answering = async (status: number) => {
    const seen: (string | undefined)[] = [];
    const http = createHttpServer(({ method, url, headers }, response) => {
      seen.push(`${method} ${url} ${headers.authorization}`);
      if (status > 0) response.writeHead(status).end('{}');
    }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    afterTest(() => new Promise((resolve) => http.close(resolve).closeAllConnections()));
    const { port } = http.address() as AddressInfo;
    return { seen, baseURL: `http://ann:pass@127.0.0.1:${port}/v1` };
  };

  test('are asked once each, whatever stands around their models, and for no answer of a model', async () => {
    const { seen, baseURL } = await answering(200);
    const model = openai('a', { baseURL, apiKey: 'k' });
    const endpoints = [...(cached(model).endpoints ?? []), ...(fallback([model, openai('b', { baseURL, apiKey: 'k' })]).endpoints ?? [])];
    expect(endpoints).toHaveLength(3);
    const { findings, told } = await checkProviders(endpoints);
    expect(findings).toMatchObject([{ status: 'ok' }]);
    expect(told).toMatchObject([{ theirs: expect.closeTo(Date.now(), -4) }]);
    expect(seen).toEqual(['GET /v1/models Bearer k']);
  });

  test.each([
    [200, 'ok', 'answers'],
    [404, 'ok', 'answers'],
    [401, 'problem', 'refuses the key (401)'],
    [403, 'problem', 'refuses the key (403)'],
    [429, 'warning', '(429)'],
    [503, 'warning', '(503)'],
    [0, 'problem', 'does not answer: nothing came in 200 ms'],
  ] as const)('that answer with %d are %s', async (status, expected, said) => {
    const { seen, baseURL } = await answering(status);
    const { findings } = await checkProviders(openai('a', { baseURL, apiKey: 'sk-1' }).endpoints ?? [], 200);
    expect(findings).toMatchObject([{ status: expected, message: expect.stringContaining(said) }]);
    expect(JSON.stringify(findings)).not.toMatch(/sk-1|pass/);
    expect(seen).toEqual([expect.stringContaining('GET /v1/models')]);
  });

  test('that are not there are a problem, with what to look at', async () => {
    const { findings } = await checkProviders(openai('a', { baseURL: 'http://127.0.0.1:1/v1' }).endpoints ?? []);
    expect(findings).toMatchObject([
      { status: 'problem', message: expect.stringContaining('ECONNREFUSED'), remedy: expect.stringContaining('base URL') },
    ]);
  });
});
