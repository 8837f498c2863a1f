import { createServer } from 'node:net';
import { expect, test, vi } from 'vitest';
import { CliFolder, VERBATIM_COMMAND } from '../support/cliFolder.ts';
import { PtyCommand } from '../support/ptyCommand.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Nobody listens at the port of a server that has closed. */
async function closedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const ID = 'thread_01h2xcejqtf2nbrexx3vqjhp41';

test.each([
  ['threads list', ['threads', 'list']],
  ['threads list by name', ['threads', 'list', '--user', 'ann']],
  ['threads export', ['threads', 'export', ID]],
  ['threads export by name', ['threads', 'export', ID, '--user', 'ann']],
  ['threads delete', ['threads', 'delete', '--yes', ID]],
  ['runs watch', ['runs', 'watch', 'run_01h2xcejqtf2nbrexx3vqjhp41']],
  ['chat', ['chat']],
])('%s says at once that nothing answers at the address, why, and what to do', async (_, args) => {
  await using folder = new CliFolder();
  const url = await closedUrl();
  const begun = performance.now();
  const command = folder.verbatim([...args, '--url', url], { VERBATIM_PASSWORD: 'a password' });
  command.write('Hello\n');
  expect(await command.exited).toMatchObject({ code: 1 });
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(command.stdout).toBe('');
  const why = `(connect ECONNREFUSED ${new URL(url).host})`;
  expect(command.stderr).toBe(
    `verbatim: No Verbatim server answers at ${url} ${why}. Start one with "verbatim serve", or name another with --url. (CONNECTION_LOST)\n`,
  );
});

test('chat at a terminal says so too, and promises no other attempt', async () => {
  await using folder = new CliFolder();
  const url = await closedUrl();
  await using chat = new PtyCommand(process.execPath, [VERBATIM_COMMAND, 'chat', '--url', url], {
    cwd: folder.path,
    env: { TERM: 'xterm-256color', VERBATIM_HISTORY: 'off' },
    columns: 200,
  });
  expect(await chat.exited).toBe(1);
  expect(chat.screen.text).toContain(`No Verbatim server answers at ${url} (connect ECONNREFUSED`);
  expect(chat.raw).not.toContain('trying again');
});

test('a port whose owner says nothing is given up after seconds', async () => {
  await using folder = new CliFolder();
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  try {
    const address = silent.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const begun = performance.now();
    const command = folder.verbatim(['threads', 'list', '--url', url]);
    expect(await command.exited).toMatchObject({ code: 1 });
    expect(performance.now() - begun).toBeLessThan(12_000);
    expect(command.stderr).toContain(`answers at ${url} (no answer in time)`);
  } finally {
    silent.close();
  }
});
