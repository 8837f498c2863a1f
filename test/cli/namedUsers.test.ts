import { expect, test } from 'vitest';
import { CliFolder } from '../support/cliFolder.ts';

test('the audit log is asked by the name of a user, a role that may be misspelt is warned of, and messages say what is meant', async () => {
  await using folder = new CliFolder();
  const run = async (...args: string[]) => {
    const command = folder.verbatim(args);
    command.endInput();
    const { code } = await command.exited;
    return { code, out: command.stdout, err: command.stderr };
  };
  await run('users', 'create', 'bob', '--no-password', '--id', 'cli');
  expect((await run('users', 'set-role', 'bob', 'user,prenium')).err).toMatch(/Warning: "prenium" .*Did you mean "premium"/);
  expect((await run('users', 'set-role', 'bob', 'user,admin')).err).not.toContain('Warning');
  expect((await run('audit', 'list', '--actor', 'cli')).out).toContain('users.setRoles');
  const nobody = await run('audit', 'list', '--actor', 'nobody-such');
  expect([nobody.code, nobody.out, nobody.err]).toEqual([0, '', expect.stringContaining('No entry is of nobody-such')]);
  const { head }: { head: string } = JSON.parse((await run('audit', 'verify', '--json')).out);
  expect((await run('audit', 'verify', '--head', head)).code).toBe(0);
  expect((await run('restore', 'nope.db')).err).toMatch(/nope\.db does not exist\. Name a file that `verbatim backup` made/);
  expect((await run('restore', '--help')).out).toContain('no server may be running on it');
  // Of a principal whose id the rows have, as any other user's.
  expect((await run('audit', 'list', '--actor', ' BOB')).out).toContain('users.setRoles');
});
