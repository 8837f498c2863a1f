import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PolicyQuestion } from '../../src/index.ts';
import { mayBy } from '../../src/protocol/policy.ts';
import { ROWS } from './rows.ts';
import { type Scene, Stage } from './scene.ts';

let answer: ((question: PolicyQuestion) => boolean) | undefined;
const asked = new Set<string>();
let stage: Stage;
let scene: Scene;
beforeAll(async () => {
  stage = await Stage.open({
    policy(question, standard) {
      asked.add(`${question.action} ${question.resource.kind}`);
      return answer === undefined ? standard(question) : answer(question);
    },
  });
  scene = await stage.scene();
});
afterAll(() => stage.close());
beforeEach(() => {
  answer = undefined;
  asked.clear();
});

/** What a procedure answers when the policy refuses all. */
const REFUSED: Readonly<Record<string, string>> = {
  'threads.create': 'NOT_ALLOWED',
  'agents.list': '[]',
  'threads.list': '{"items":[]}',
  // What these give is the caller's own, and there is nothing to decide.
  'files.list': 'ok',
  'files.get': 'ok',
  'files.delete': 'ok',
  'notices.watch': 'ok',
  'auth.openShare': 'ok',
  'threads.claimShare': 'BAD_INPUT',
  'auth.methods': 'ok',
  'auth.whoami': 'ok',
  'auth.ticket': 'ok',
  'auth.renew': 'BAD_INPUT',
};

const rows = Object.entries(ROWS).map(([path, row]) => ({ path, ...row }));

test.each([
  ['says no', () => false],
  [
    'throws',
    () => {
      throw new Error('who knows');
    },
  ],
  ['says what is not true', () => 'yes' as unknown as boolean],
])('a policy that %s refuses every call, also of the owner', async (_, refuse) => {
  answer = refuse;
  const outcomes: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (const { path, kind, input, quiet } of rows.filter((row) => row.path !== 'files.delete')) {
    const { data, error } = await stage.call(kind, path, { input: input?.(scene), token: 'owner', quiet });
    expected[path] = REFUSED[path] ?? (path.startsWith('admin.') ? 'NOT_ALLOWED' : 'NOT_FOUND');
    outcomes[path] = error?.data.reason ?? (expected[path] === 'ok' ? 'ok' : JSON.stringify(data));
  }
  expect(outcomes).toEqual(expected);
});

test.each([
  ['read thread', 'threads.get', 'NOT_FOUND'],
  ['write thread', 'messages.send', 'NOT_ALLOWED'],
  ['manage thread', 'threads.delete', 'NOT_ALLOWED'],
  ['create threads', 'threads.create', 'NOT_ALLOWED'],
  ['use agent', 'messages.send', 'NOT_FOUND'],
  ['inspect thread', 'runs.sent', 'NOT_ALLOWED'],
  ['decide approval', 'approvals.decide', 'NOT_ALLOWED'],
])('one that refuses to %s refuses %s alone of it', async (refused, path, code) => {
  answer = ({ action, resource }) => `${action} ${resource.kind}` !== refused;
  const { kind, input } = ROWS[path] ?? { kind: 'query' };
  const { error } = await stage.call(kind, path, { input: input?.(scene), token: 'owner' });
  expect(error?.data.reason).toBe(code);
  expect(asked).toContain(refused);
});

test('one that allows lets a stranger in', async () => {
  answer = () => true;
  expect(await stage.get('query', 'threads.get', { threadId: scene.threadId }, 'otherTenant')).toMatchObject({
    id: scene.threadId,
    ownerId: 'ann',
    access: 'manage',
  });
  const { items } = await stage.get<{ items: { id: string }[] }>('query', 'threads.list', { all: true }, 'admin');
  expect(items.map((row) => row.id)).toContain(scene.threadId);
});

test('roles give what they are defined to give, within the tenant', () => {
  const may = mayBy(undefined, {
    support: { threads: 'read' },
    agent: { threads: 'write' },
    operator: { administer: ['admin.connections.*', 'admin.agents.list'] },
  });
  const thread = { kind: 'thread', id: 't', owned: false, tenant: 'acme', shared: undefined } as const;
  const mayDo = (roles: string[], tenant?: string) =>
    (['read', 'write', 'manage'] as const).filter((action) =>
      may({ principal: { id: 'x', roles, ...(tenant !== undefined && { tenant }) }, action, resource: thread }),
    );
  expect(mayDo(['support'], 'acme')).toEqual(['read']);
  expect(mayDo(['support', 'agent'], 'acme')).toEqual(['read', 'write']);
  expect(mayDo(['support'], 'globex')).toEqual([]);
  expect(mayDo(['support'])).toEqual(['read']);
  expect(mayDo(['admin'], 'globex')).toEqual([]);
  expect(mayDo(['admin'])).toEqual(['read', 'write', 'manage']);
  expect(mayDo(['__proto__', 'constructor', 'user', 'premium'], 'acme')).toEqual([]);
  const mayDecide = (role: string | undefined, roles: string[], tenant?: string) => {
    const principal = { id: 'x', roles, ...(tenant !== undefined && { tenant }) };
    return may({ principal, action: 'decide', resource: { kind: 'approval', tool: 't', role, thread } });
  };
  expect(mayDecide('support', ['support'], 'acme')).toBe(true);
  expect(mayDecide('support', ['support'], 'globex')).toBe(false);
  // Who may write decides where nobody else is asked, and only there.
  expect(mayDecide(undefined, ['agent'], 'acme')).toBe(true);
  expect(mayDecide('boss', ['agent', 'admin'], 'acme')).toBe(false);
  const mayAdminister = (name: string, roles: string[], tenant?: string) =>
    may({
      principal: { id: 'x', roles, ...(tenant !== undefined && { tenant }) },
      action: 'administer',
      resource: { kind: 'server', name },
    });
  expect(mayAdminister('admin.connections.close', ['operator'])).toBe(true);
  expect(mayAdminister('admin.agents.list', ['operator'])).toBe(true);
  expect(mayAdminister('admin.agents.disable', ['operator'])).toBe(false);
  expect(mayAdminister('admin.connections.list', ['operator'], 'acme')).toBe(false);
  expect(mayAdminister('admin.agents.disable', ['admin'], 'acme')).toBe(false);
  expect(mayAdminister('admin.agents.disable', ['admin'])).toBe(true);
});
