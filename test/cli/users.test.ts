import { expect, test, vi } from 'vitest';
import type { UserInfo } from '../../src/protocol/accounts.ts';
import { CliFolder, VERBATIM_COMMAND } from '../support/cliFolder.ts';
import { openRaw } from '../support/rawSocket.ts';

const CONFIG = `
import { defineAgent, offline, password } from 'verbatim-agents';
export default { agents: { assistant: defineAgent({ description: 'a', model: offline() }) }, auth: [password()], database: 'verbatim.db' };
`;
const GOOD = 'correct horse battery';

async function run(folder: CliFolder, args: readonly string[], input = '') {
  const command = folder.verbatim(args);
  command.write(input);
  command.endInput();
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

async function logIn(url: string, password: string): Promise<{ status: number; token: string }> {
  const body = new URLSearchParams({ grant_type: 'password', username: 'ann', password });
  const response = await fetch(`${url}/oauth/token`, { method: 'POST', body });
  return { status: response.status, token: ((await response.json()) as { access_token: string }).access_token };
}

test('the first administrator comes from the command line, and what is changed beside a running server counts within a second', {
  timeout: 90_000,
}, async () => {
  await using folder = new CliFolder();
  folder.write('verbatim.config.mjs', CONFIG);
  const made = await run(folder, ['users', 'create', 'Ann', '--roles', 'admin', '--json'], `${GOOD}\n`);
  expect(made.code).toBe(0);
  expect(JSON.parse(made.stdout) as UserInfo).toMatchObject({ name: 'ann', roles: ['admin'], hasPassword: true });
  const { url } = await folder.serve();
  const open = async (password = GOOD) =>
    openRaw({ port: Number(new URL(url).port), params: { token: (await logIn(url, password)).token } });

  let socket = await open();
  expect(await socket.call('query', 'admin.users.list')).toMatchObject({ items: [{ name: 'ann' }] });
  expect((await run(folder, ['users', 'set-role', 'ann', 'user,ops'])).stderr).toContain('user, ops');
  const refused = socket;
  await vi.waitFor(async () => expect((await refused.error('query', 'admin.users.list')).data.reason).toBe('NOT_ALLOWED'), 1_000);

  for (const [args, input] of [
    [['users', 'set-password', 'ann'], 'another good one\n'],
    [['users', 'disable', 'ann'], ''],
  ] as const) {
    const closed = socket.closed.then((why) => ({ ...why, at: performance.now() }));
    expect((await run(folder, args, input)).code).toBe(0);
    const changedMs = performance.now();
    const { code, at } = await closed;
    expect(code).toBe(4401);
    expect(at - changedMs).toBeLessThan(1_000);
    expect((await logIn(url, GOOD)).status).toBe(400);
    if (args[1] === 'set-password') socket = await open('another good one');
  }
  expect((await logIn(url, 'another good one')).status).toBe(400);
  expect((await run(folder, ['users', 'list'])).stdout).toMatch(/ann .*user,ops.*disabled/);
  expect((await run(folder, ['users', 'enable', 'ann'])).code).toBe(0);
  expect((await logIn(url, 'another good one')).status).toBe(200);
});

test('a weak password, none, a name that is taken and a user that is not there are refused, and change nothing', {
  timeout: 60_000,
}, async () => {
  await using folder = new CliFolder();
  expect(await run(folder, ['users', 'create', 'ann'], 'short\n')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('12 characters'),
  });
  expect(await run(folder, ['users', 'create', 'ann'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no password on stdin') });
  expect((await run(folder, ['users', 'create', 'ann', '--no-password'])).code).toBe(0);
  expect((await run(folder, ['users', 'create', ' ANN'], `${GOOD}\n`)).stderr).toContain('already');
  expect((await run(folder, ['users', 'disable', 'bob'])).stderr).toContain('no such user');
  expect((await run(folder, ['users', 'create', 'bob', '--password', GOOD])).stderr).toContain('unknown option');
  expect((await run(folder, ['users', 'list'])).stdout).toMatch(/^NAME.*\nann .*keys only\n$/);
});

test('at a terminal a password is typed twice and never shown', { timeout: 60_000 }, async () => {
  await using folder = new CliFolder();
  const create = [process.execPath, VERBATIM_COMMAND, 'users', 'create', 'ann'].map((word) => `'${word}'`).join(' ');
  // A terminal of its own: what it shows comes to stdout.
  const typing = (): ReturnType<CliFolder['spawn']> => folder.spawn('script', ['-qefc', create, '/dev/null']);
  const different = typing();
  await different.output('stdout', /Password for ann: $/);
  different.write(`${GOOD}\r`);
  await different.output('stdout', /The same again: $/);
  different.write('another good one\r');
  expect((await different.exited).code).toBe(1);
  expect(different.stdout).toContain('not the same');

  const given = typing();
  await given.output('stdout', /Password for ann: $/);
  given.write('\u0003');
  expect((await given.exited).code).toBe(1);

  const made = typing();
  await made.output('stdout', /Password for ann: $/);
  made.write(`${GOOD}\r`);
  await made.output('stdout', /The same again: $/);
  made.write(`${GOOD}\r`);
  expect((await made.exited).code).toBe(0);
  expect(made.stdout + different.stdout).not.toMatch(/horse|good one/);
  expect((await run(folder, ['users', 'list'])).stdout).toMatch(/ann .*good/);
});
