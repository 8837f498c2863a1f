import { expect, test } from 'vitest';
import type { CreatedKey, KeyInfo } from '../../src/protocol/accounts.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { openRaw } from '../support/rawSocket.ts';

const CONFIG = `
import { apiKeys, defineAgent, offline } from 'verbatim-agents';
export default { agents: { assistant: defineAgent({ description: 'a', model: offline() }) }, auth: [apiKeys()], database: 'verbatim.db' };
`;

async function run(folder: CliFolder, ...args: string[]) {
  const command = folder.verbatim(args);
  command.endInput();
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

test('keys are made, listed and revoked beside a running server, which ends what is open under one within a second', {
  timeout: 60_000,
}, async () => {
  await using folder = new CliFolder();
  folder.write('verbatim.config.mjs', CONFIG);
  const { url } = await folder.serve();
  const made = await run(folder, 'keys', 'create', '--name', 'robot', '--roles', 'user,ops', '--tier', 'premium', '--expires', '90d');
  expect(made).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^vbk_\w{8}_\w{38}\n$/),
    stderr: expect.stringContaining('user, ops'),
  });
  const key = made.stdout.trim();
  const socket = await openRaw({ port: Number(new URL(url).port), params: { token: key } });
  await socket.call('query', 'agents.list');

  const listed = await run(folder, 'keys', 'list');
  expect(listed.stdout).toMatch(/^ID +NAME/);
  expect(listed.stdout).toContain(key.slice(0, 12));
  expect(listed.stdout).not.toContain(key);
  const [info] = JSON.parse((await run(folder, 'keys', 'list', '--json')).stdout) as KeyInfo[];
  expect(info).toMatchObject({ name: 'robot', roles: ['user', 'ops'], tier: 'premium', createdBy: 'cli', lastUsedAt: expect.any(Number) });

  const closed = socket.closed.then((why) => ({ ...why, at: performance.now() }));
  expect((await run(folder, 'keys', 'revoke', info?.id ?? '')).code).toBe(0);
  const revokedMs = performance.now();
  const { code, at } = await closed;
  expect(code).toBe(4401);
  expect(at - revokedMs).toBeLessThan(1_000);
  expect((await run(folder, 'keys', 'list')).stdout).toContain('revoked');
});

test('a key is made before there is a server, as JSON, and says what is wrong with what it is given', { timeout: 60_000 }, async () => {
  await using folder = new CliFolder();
  expect(await run(folder, 'keys', 'list')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('does not exist') });
  const made = await run(folder, 'keys', 'create', '--name', 'k', '--principal', 'ann', '--scopes', 'read', '--json', '--db', 'other.db');
  expect(JSON.parse(made.stdout) as CreatedKey).toMatchObject({
    key: expect.stringMatching(/^vbk_/),
    principalId: 'ann',
    scopes: ['read'],
  });
  expect(await run(folder, 'keys', 'revoke', 'key_nope', '--db', 'other.db')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no such key'),
  });
  expect((await run(folder, 'keys', 'create', '--name', 'k', '--expires', 'soon')).stderr).toContain('90d');
  expect((await run(folder, 'keys', 'create', '--name', 'k', '--expires', '2020-01-01')).stderr).toContain('BAD_INPUT');
  expect((await run(folder, 'keys', 'create')).stderr).toContain('--name');
  expect((await run(folder, 'keys', 'list', '--db', ':memory:')).stderr).toContain('memory');
});
