import { describe, expect, test, vi } from 'vitest';
import type { AuditRow } from '../../src/db/audit.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { agentTool, defineAgent, offline, router } from '../../src/index.ts';
import type { ConnectionInfo, KeyInfo, UserInfo } from '../../src/protocol/accounts.ts';
import { systemClock } from '../../src/protocol/clock.ts';
import type { Message } from '../../src/protocol/message.ts';
import type { Page, RunInfo } from '../../src/protocol/procedures.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw, type RawSocket } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';
import { databaseFile, GOOD_PASSWORD, refusalOf, startAccounts } from './auth/startAccounts.ts';

checkLeaksAfterwards();

/** Every procedure of an administrator, with an input that is right. */
const ACTS: readonly [kind: 'query' | 'mutation', path: string, input: object][] = [
  ['query', 'admin.connections.list', {}],
  ['mutation', 'admin.connections.close', { principalId: 'plain' }],
  ['query', 'admin.agents.list', {}],
  ['mutation', 'admin.agents.disable', { agent: 'pour' }],
  ['mutation', 'admin.agents.enable', { agent: 'pour' }],
  ['query', 'admin.users.list', {}],
  ['mutation', 'admin.users.create', { name: 'new', password: GOOD_PASSWORD }],
  ['mutation', 'admin.users.disable', { userId: 'user-1' }],
  ['mutation', 'admin.users.enable', { userId: 'user-1' }],
  ['mutation', 'admin.users.setRoles', { userId: 'user-1', roles: ['ops'] }],
  ['mutation', 'admin.users.setTier', { userId: 'user-1', tier: 'premium' }],
  ['mutation', 'admin.users.setPassword', { userId: 'user-1', password: GOOD_PASSWORD }],
  ['mutation', 'admin.users.logOut', { userId: 'user-1' }],
  ['query', 'admin.keys.list', {}],
  ['mutation', 'admin.keys.create', { name: 'k' }],
  ['mutation', 'admin.keys.revoke', { keyId: 'KEY' }],
  ['query', 'admin.audit.list', {}],
  ['query', 'admin.settings', {}],
  ['query', 'admin.metrics', {}],
];

async function auditOf(file: string): Promise<readonly AuditRow[]> {
  const { raw, close } = openDatabase({ file });
  const rows = raw.prepare<[], AuditRow>('select * from audit_log order by id').all();
  await close();
  return rows;
}

describe('what administrators do', () => {
  test('is refused to others and to administrators of a tenant, and every act, refusal and failure is audited', async () => {
    const file = databaseFile();
    const accounts = await startAccounts({ database: file, limits: { maxAuditedRefusals: 100, maxAuditedRefusalsPerAddress: 100 } });
    const { port, root } = accounts;
    await accounts.createUser('someone', { id: 'user-1' });
    const { id: keyId } = await accounts.createKey();
    const plain = await openRaw({ port, params: { token: 'plain' } });
    const acme = await openRaw({ port, params: { token: 'acme' } });
    const inputOf = (input: object) => ('keyId' in input ? { keyId } : input);
    for (const [kind, path, input] of ACTS) {
      for (const socket of [plain, acme]) expect((await socket.error(kind, path, inputOf(input))).data.reason).toBe('NOT_ALLOWED');
    }
    for (const [kind, path, input] of ACTS) await root.call(kind, path, inputOf(input));
    expect((await root.error('mutation', 'admin.users.disable', { userId: 'nobody' })).data.reason).toBe('NOT_FOUND');
    await accounts.server.close({ drainMs: 0 });
    const rows = await auditOf(file);
    const of = (actor: string, outcome: string) =>
      rows.filter((row) => row.actor === actor && row.outcome === outcome).map(({ action }) => `admin.${action}`);
    const all = ACTS.map(([, path]) => path);
    expect(of('plain', 'refused')).toEqual(all);
    expect(of('@acme/boss', 'refused')).toEqual(all);
    expect(of('root', 'ok').slice(2)).toEqual(all);
    expect(of('root', 'failed')).toEqual(['admin.users.disable']);
    expect(new Set(rows.filter(({ actor }) => actor !== 'server').map(({ origin }) => origin))).toEqual(new Set(['127.0.0.1']));
    expect(JSON.stringify(rows)).not.toContain(GOOD_PASSWORD);
  });

  test('is told once a minute when the same is read again and again', async () => {
    const file = databaseFile();
    let now = Date.now();
    const accounts = await startAccounts({ database: file, clock: { ...systemClock, now: () => now } });
    for (let time = 0; time < 3; time++) await accounts.root.call('query', 'admin.connections.list', {});
    await accounts.root.call('query', 'admin.users.list', {});
    now += 60_000;
    await accounts.root.call('query', 'admin.connections.list', {});
    await accounts.server.close({ drainMs: 0 });
    const read = (await auditOf(file)).filter(({ action }) => action.endsWith('.list')).map(({ action }) => action);
    expect(read).toEqual(['connections.list', 'users.list', 'connections.list']);
  });

  test('lists of it come in pages', async () => {
    const accounts = await startAccounts();
    const names = Array.from({ length: 5 }, (_, index) => `user-${index}`);
    for (const name of names) await accounts.createUser(name, { password: undefined });
    for (const name of names) await accounts.createKey({ name });
    for (let count = 0; count < 4; count++)
      await (await openRaw({ port: accounts.port, params: { token: 'plain' } })).call('query', 'agents.list');
    const pages = async <Row>(path: string, textOf: (row: Row) => string): Promise<string[]> => {
      const all: string[] = [];
      for (let pageToken: string | undefined; ; ) {
        const page: Page<Row> = await accounts.root.call('query', path, { limit: 2, ...(pageToken !== undefined && { pageToken }) });
        expect(page.items.length).toBeLessThanOrEqual(2);
        all.push(...page.items.map(textOf));
        pageToken = page.nextPageToken;
        if (pageToken === undefined) return all;
      }
    };
    expect(await pages<UserInfo>('admin.users.list', ({ name }) => name)).toEqual(names);
    expect(await pages<KeyInfo>('admin.keys.list', ({ name }) => name)).toEqual(names);
    expect((await pages<ConnectionInfo>('admin.connections.list', ({ principalId }) => principalId)).sort()).toEqual([
      ...Array.from({ length: 4 }, () => 'plain'),
      'root',
    ]);
    expect((await accounts.root.error('query', 'admin.users.list', { pageToken: 'x' })).data.reason).toBe('BAD_INPUT');
  });

  test('by the word of a policy, an administrator of a tenant acts within it and sees nothing else', async () => {
    const accounts = await startAccounts({
      policy: (question, standard) => standard(question) || (question.action === 'administer' && question.principal.tenant !== undefined),
    });
    const acme = await openRaw({ port: accounts.port, params: { token: 'acme' } });
    const theirs = await accounts.createUser('theirs');
    const mine: UserInfo = await acme.call('mutation', 'admin.users.create', { name: 'mine' });
    expect(mine.tenant).toBe('acme');
    expect(await acme.call('query', 'admin.users.list')).toEqual({ items: [mine] });
    expect((await acme.error('mutation', 'admin.users.disable', { userId: theirs.id })).data.reason).toBe('NOT_FOUND');
    expect((await acme.error('mutation', 'admin.keys.create', { name: 'k', tenant: 'other' })).data.reason).toBe('NOT_ALLOWED');
    const key: KeyInfo = await acme.call('mutation', 'admin.keys.create', { name: 'k', principalId: theirs.id });
    expect(key.tenant).toBe('acme');
    const { id } = await accounts.createKey();
    expect((await acme.error('mutation', 'admin.keys.revoke', { keyId: id })).data.reason).toBe('NOT_FOUND');
    expect(((await acme.call('query', 'admin.connections.list')) as Page<ConnectionInfo>).items).toMatchObject([{ tenant: 'acme' }]);
    expect((await acme.error('mutation', 'admin.connections.close', { principalId: 'root' })).data.reason).toBe('NOT_FOUND');
    expect((await acme.error('mutation', 'admin.agents.disable', { agent: 'pour' })).data.reason).toBe('NOT_ALLOWED');
  });

  test('a user cannot be made twice, and a repeated command makes one', async () => {
    const accounts = await startAccounts();
    const first = await accounts.createUser('ann', { idempotencyKey: 'k' });
    expect(await accounts.createUser('ann', { idempotencyKey: 'k' })).toEqual(first);
    expect((await accounts.root.error('mutation', 'admin.users.create', { name: ' ANN ' })).data.reason).toBe('BAD_INPUT');
    expect((await accounts.root.error('mutation', 'admin.users.create', { name: 'bob', id: first.id })).data.reason).toBe('BAD_INPUT');
  });
});

describe('admin.connections.close', () => {
  const streams = async () => {
    const accounts = await startAccounts();
    const socket = await openRaw({ port: accounts.port, params: { token: 'plain' } });
    const { threadId }: { threadId: string } = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
    const watch = socket.watch('threads.watch', { threadId });
    await socket.until(watch, 'text.delta');
    const sse = await openSse({ port: accounts.port, headers: { authorization: 'Bearer plain' } }, 'threads.watch', { threadId });
    await vi.waitFor(() => expect(sse.events.length).toBeGreaterThan(0));
    return { accounts, socket, watch, sse };
  };

  test('closes one socket for good, by its id, and leaves the others', async () => {
    const { accounts, socket, watch, sse } = await streams();
    const { items }: Page<ConnectionInfo> = await accounts.root.call('query', 'admin.connections.list');
    const found = items.find((item) => item.principalId === 'plain' && item.transport === 'ws');
    expect(await accounts.root.call('mutation', 'admin.connections.close', { connectionId: found?.id })).toEqual({ closed: 1 });
    expect(await refusalOf(socket, watch)).toBe('NOT_ALLOWED');
    expect(await socket.closed).toEqual({ code: 4403, reason: 'NOT_ALLOWED' });
    expect(sse.names).not.toContain('serialized-error');
    expect((await accounts.root.error('mutation', 'admin.connections.close', { connectionId: found?.id })).data.reason).toBe('NOT_FOUND');
  });

  test("closes all of a principal's, on every transport", async () => {
    const { accounts, socket, sse } = await streams();
    expect(await accounts.root.call('mutation', 'admin.connections.close', { principalId: 'plain' })).toEqual({ closed: 2 });
    expect((await socket.closed).code).toBe(4403);
    await sse.ended;
    expect(sse.data.at(-1)).toMatchObject({ json: { data: { reason: 'NOT_ALLOWED' } } });
  });
});

describe('an agent that is switched off', () => {
  const send = (socket: RawSocket, input: object) =>
    socket.call('mutation', 'messages.send', { text: 'hold', ...input }) as Promise<{ threadId: string; runId: string }>;
  const wait = (socket: RawSocket, runId: string): Promise<RunInfo> => socket.call('query', 'runs.wait', { runId });

  test('takes nothing new, answers a repeated send as before, lets runs end, and fails those that wait', async () => {
    const accounts = await startAccounts();
    const socket = await openRaw({ port: accounts.port, params: { token: 'plain' } });
    const running = await send(socket, { agent: 'pour', idempotencyKey: 'k' });
    const queued = await send(socket, { agent: 'pour', threadId: running.threadId });
    await accounts.root.call('mutation', 'admin.agents.disable', { agent: 'pour' });
    for (const [path, input] of [
      ['messages.send', { agent: 'pour', text: 'hi' }],
      ['messages.send', { agents: ['pour'], text: 'hi' }],
      ['messages.send', { agent: 'pour', text: 'hi', threadId: running.threadId, whenBusy: 'steer' }],
    ] as const) {
      expect((await socket.error('mutation', path, input)).data).toMatchObject({
        reason: 'AGENT_DISABLED',
        httpStatus: 409,
        retryable: true,
      });
    }
    expect(await send(socket, { agent: 'pour', idempotencyKey: 'k' })).toEqual(running);
    accounts.release();
    expect(await wait(socket, running.runId)).toMatchObject({ status: 'completed' });
    expect(await wait(socket, queued.runId)).toMatchObject({ status: 'failed', error: { code: 'AGENT_DISABLED', retryable: true } });
    expect((await socket.error('mutation', 'runs.retry', { runId: queued.runId })).data.reason).toBe('AGENT_DISABLED');
    expect(await accounts.root.call('query', 'admin.agents.list')).toEqual({
      items: [{ name: 'pour', disabled: { by: 'root', at: expect.any(Number) } }],
    });
    expect(await accounts.root.call('mutation', 'admin.agents.enable', { agent: 'pour' })).toEqual({ name: 'pour' });
    expect(await wait(socket, (await send(socket, { agent: 'pour', text: '1 1' })).runId)).toMatchObject({ status: 'completed' });
  });

  test('is not chosen by a router: the run fails', async () => {
    const bot = defineAgent({ description: 'bot', model: offline() });
    const accounts = await startAccounts({
      agents: { bot, front: router({ description: 'front', agents: { bot }, route: () => ({ to: 'bot', reason: 'the only one' }) }) },
    });
    const socket = await openRaw({ port: accounts.port, params: { token: 'plain' } });
    await accounts.root.call('mutation', 'admin.agents.disable', { agent: 'bot' });
    const { runId } = await send(socket, { agent: 'front' });
    expect(await wait(socket, runId)).toMatchObject({ status: 'failed', error: { code: 'AGENT_DISABLED' } });
  });

  test('is neither handed over to nor asked as a tool: the model is told, and the run goes on', async () => {
    const bot = defineAgent({ description: 'bot', model: offline() });
    const calls = [
      { name: 'transfer_to_bot', input: {} },
      { name: 'ask_bot', input: { task: 'help' } },
    ];
    const model = scriptedModel([{ toolCalls: calls }, { text: 'by myself' }]);
    const tools = [agentTool(bot, { name: 'ask_bot', description: 'asks' })];
    const accounts = await startAccounts({ agents: { bot, front: defineAgent({ description: 'front', model, tools, handoffs: [bot] }) } });
    const socket = await openRaw({ port: accounts.port, params: { token: 'plain' } });
    await accounts.root.call('mutation', 'admin.agents.disable', { agent: 'bot' });
    const { runId, threadId } = await send(socket, { agent: 'front' });
    expect(await wait(socket, runId)).toMatchObject({ status: 'completed' });
    const { items }: Page<Message> = await socket.call('query', 'threads.messages', { threadId });
    expect(JSON.stringify(items)).toContain('by myself');
    expect(JSON.stringify(items).match(/switched off by an administrator/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test('stays so through a restart', async () => {
    const file = databaseFile();
    const first = await startAccounts({ database: file });
    await first.root.call('mutation', 'admin.agents.disable', { agent: 'pour' });
    await first.server.close({ drainMs: 0 });
    const second = await startAccounts({ database: file });
    expect((await second.root.error('mutation', 'messages.send', { agent: 'pour', text: 'hi' })).data.reason).toBe('AGENT_DISABLED');
  });

  test('must be there', async () => {
    const accounts = await startAccounts();
    expect((await accounts.root.error('mutation', 'admin.agents.disable', { agent: 'nope' })).data.reason).toBe('NOT_FOUND');
    expect((await accounts.root.error('mutation', 'admin.agents.enable', { agent: '__proto__' })).data.reason).toBe('NOT_FOUND');
  });
});
