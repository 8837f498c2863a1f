import { afterAll, beforeAll, expect, test } from 'vitest';
import { CliFolder, VERBATIM_COMMAND } from '../support/cliFolder.ts';
import { PtyCommand } from '../support/ptyCommand.ts';

const CONFIG = `
import { defineAgent, offline, password } from 'verbatim-agents';
export default { agents: { assistant: defineAgent({ description: 'a', model: offline() }) }, auth: [password()] };
`;
const PASSWORD = 'rather-a-long-word-1';

let folder: CliFolder;
let url = '';

beforeAll(async () => {
  folder = new CliFolder();
  folder.write('verbatim.config.mjs', CONFIG);
  ({ url } = await folder.serve());
  const made = folder.verbatim(['users', 'create', 'ann']);
  made.write(`${PASSWORD}\n`);
  made.endInput();
  expect((await made.exited).code, made.stderr).toBe(0);
}, 60_000);
afterAll(() => folder[Symbol.asyncDispose]());

async function run(args: readonly string[], { env = {}, input = '' }: { env?: Readonly<Record<string, string>>; input?: string } = {}) {
  const command = folder.verbatim([...args, '--url', url], env);
  if (input !== '') command.write(input);
  command.endInput();
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

test('who has no token is told how to give one', { timeout: 60_000 }, async () => {
  for (const args of [['runs', 'list'], ['threads', 'list'], ['chat']]) {
    const refused = await run(args, { input: args[0] === 'chat' ? 'hi\n' : '' });
    expect(refused.code).toBe(1);
    for (const word of ['--token', 'VERBATIM_TOKEN', '--user']) expect(refused.stderr, args.join(' ')).toContain(word);
  }
});

test('a user logs in by name and password, and out at the end', { timeout: 60_000 }, async () => {
  const env = { VERBATIM_PASSWORD: PASSWORD };
  const said = await run(['chat', '--user', 'ann', '--json'], { env, input: 'count to 3\n' });
  expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('run.completed') });
  const [run1] = JSON.parse((await run(['runs', 'list', '--user', 'ann', '--json'], { env })).stdout);
  expect(run1).toMatchObject({ status: 'completed' });
  const exported = await run(['threads', 'export', run1.threadId, '--user', 'ann'], { env });
  expect(JSON.parse(exported.stdout)).toMatchObject({ format: 'verbatim.thread' });
  expect(await run(['runs', 'list', '--user', 'ann'], { env: { VERBATIM_PASSWORD: 'another-word-12345' } })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('LOGIN_FAILED'),
  });
  expect((await run(['runs', 'list', '--user', 'ann'])).stderr).toContain('VERBATIM_PASSWORD');
  const log = folder.verbatim(['audit', 'list']);
  await log.exited;
  expect(log.stdout).toMatch(/auth\.logout/);
});

test('the password is asked for at a terminal, and not shown', { timeout: 60_000 }, async () => {
  const args = [VERBATIM_COMMAND, 'runs', 'list', '--user', 'ann', '--url', url];
  await using asked = new PtyCommand(process.execPath, args, { cwd: folder.path });
  await asked.shows(/Password for ann:/);
  asked.type(`${PASSWORD}\r`);
  expect(await asked.exited).toBe(0);
  expect(asked.raw).not.toContain(PASSWORD);
});
