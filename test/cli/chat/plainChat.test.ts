import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createClient } from '../../../src/client/index.node.ts';
import type { JsonApi } from '../../../src/protocol/contract.ts';
import type { AnyEvent } from '../../../src/protocol/event.ts';
import { CliFolder, VERBATIM_COMMAND } from '../../support/cliFolder.ts';

// Each starts processes.
vi.setConfig({ testTimeout: 60_000 });

const countTo = (n: number): string => Array.from({ length: n }, (_, i) => i + 1).join(' ');
const FAST = { VERBATIM_OFFLINE_TPS: '0' };

test('in a pipe it answers line by line: text on stdout, notes on stderr', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve([], FAST);
  const chat = folder.verbatim(['chat'], { VERBATIM_URL: url });
  chat.write('count to 5\n\ncount to 3');
  chat.endInput();
  expect(await chat.exited).toEqual({ code: 0, signal: null });
  expect(chat.stdout).toBe('1 2 3 4 5\n1 2 3\n');
  expect(chat.stderr).toBe('');
});

test('its lines are one conversation, which --thread goes on with', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve([], FAST);
  const say = async (lines: string, args: readonly string[] = []): Promise<void> => {
    const chat = folder.verbatim(['chat', '--url', url, ...args]);
    chat.write(lines);
    chat.endInput();
    expect((await chat.exited).code).toBe(0);
  };
  const client = createClient<JsonApi>({ url });
  try {
    await say('count to 1\ncount to 2\n');
    const [thread] = (await client.threads.list()).items;
    await say('count to 3\n', ['--thread', thread?.id ?? 'none']);
    expect((await client.threads.list()).items).toHaveLength(1);
    const { items } = await client.threads.messages({ threadId: thread?.id ?? 'none' });
    expect(items.map(({ text }) => text)).toEqual(['count to 1', '1', 'count to 2', '1 2', 'count to 3', '1 2 3']);
  } finally {
    await client.close();
  }
});

test('Ctrl-C stops the answer and not the program; at an empty prompt it ends it', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve([], { VERBATIM_OFFLINE_TPS: '50' });
  const chat = folder.verbatim(['chat', '--url', url]);
  chat.write('count to 100000\n');
  await chat.output('stdout', /1 2 3 4 5/);
  chat.kill('SIGINT');
  await chat.output('stderr', /stopped/);
  chat.write('count to 4\n');
  await chat.output('stdout', /\n1 2 3 4\n$/);
  chat.kill('SIGINT');
  // One was stopped.
  expect(await chat.exited).toEqual({ code: 130, signal: null });
});

test('a server that is killed in mid-answer and comes back: the text is whole, and nothing stands there twice', async () => {
  await using folder = new CliFolder();
  const env = { VERBATIM_OFFLINE_TPS: '60' };
  const { command, url } = await folder.serve([], env);
  const chat = folder.verbatim(['chat', '--url', url]);
  chat.write('count to 60\n');
  chat.endInput();
  await chat.output('stdout', /\b20\b/);
  command.kill('SIGKILL');
  await command.exited;
  await chat.output('stderr', /trying again/);
  await folder.serve(['--port', new URL(url).port], env);
  expect(await chat.exited).toEqual({ code: 0, signal: null });
  expect(chat.stdout).toBe(`${countTo(60)}\n`);
  expect(chat.stderr).toMatch(/connected again/);
  expect(chat.stderr).toMatch(/restarted/);
});

test('where no server is, it says so at once', async () => {
  await using folder = new CliFolder();
  const { command, url } = await folder.serve();
  command.kill('SIGTERM');
  await command.exited;
  const chat = folder.verbatim(['chat', '--url', url]);
  expect((await chat.exited).code).toBe(1);
  expect(chat.stderr).toContain(`No Verbatim server answers at ${url}`);
  expect(chat.stderr).not.toContain('    at ');
});

test('an agent that is not there is refused with those that are', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve();
  const chat = folder.verbatim(['chat', '--url', url, '--agent', 'nobody']);
  expect((await chat.exited).code).toBe(1);
  expect(chat.stderr).toContain('no agent "nobody". It has: assistant');
});

test('a token says who is calling; a wrong one ends it', async () => {
  await using folder = new CliFolder();
  folder.write(
    'verbatim.config.ts',
    `import { defineAgent, defineConfig, offline } from 'verbatim-agents';
     export default defineConfig({
       agents: { assistant: defineAgent({ description: 'Counts', model: offline() }) },
       authenticate: ({ token }) => (token === 'secret' ? { id: 'ann' } : undefined),
     });`,
  );
  const { url } = await folder.serve([], FAST);
  const wrong = folder.verbatim(['chat', '--url', url, '--token', 'guess']);
  wrong.write('count to 3\n');
  expect((await wrong.exited).code).toBe(1);
  expect(wrong.stderr).toContain('UNAUTHENTICATED');
  const right = folder.verbatim(['chat', '--url', url], { VERBATIM_TOKEN: 'secret' });
  right.write('count to 3\n');
  right.endInput();
  expect((await right.exited).code).toBe(0);
  expect(right.stdout).toBe('1 2 3\n');
});

test('a run that fails is told with its code, and the exit code says so', async () => {
  await using folder = new CliFolder();
  const { command: gone, url: nobody } = await folder.serve();
  gone.kill('SIGTERM');
  await gone.exited;
  const { url } = await folder.serve([], { OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: `${nobody}/v1` });
  const chat = folder.verbatim(['chat', '--url', url]);
  chat.write('hello\n');
  chat.endInput();
  expect((await chat.exited).code).toBe(1);
  expect(chat.stderr).toMatch(/MODEL_UNREACHABLE/);
  expect(chat.stderr).not.toContain('sk-secret');
  expect(chat.stdout).toBe('');
});

test('--json prints each event as a line, as the SDK gives it', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve([], FAST);
  const chat = folder.verbatim(['chat', '--url', url, '--json']);
  chat.write('count to 5\ncount to 3\n');
  chat.endInput();
  expect((await chat.exited).code).toBe(0);
  const events: readonly AnyEvent[] = chat.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ seq, firstSeq = seq }, at) => firstSeq - (events[at - 1]?.seq ?? 0))).toEqual(events.map(() => 1));
  expect(events.filter(({ type }) => type === 'run.completed')).toHaveLength(2);
  const said = events.map((event) => (event.type === 'message.completed' ? event.text : '')).filter(Boolean);
  expect(said).toEqual(['1 2 3 4 5', '1 2 3']);
});

test('--help tells the exit codes', async () => {
  await using folder = new CliFolder();
  const help = folder.verbatim(['chat', '--help']);
  expect((await help.exited).code).toBe(0);
  expect(help.stdout).toMatch(/Exit code.* 0 .* 1 .* 130 /);
});

test('whoever reads may go: it ends without a word', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve([], FAST);
  const pipe = folder.spawn('sh', [
    '-c',
    `echo "count to 20000" | "${process.execPath}" "${VERBATIM_COMMAND}" chat --url ${url} | head -c 8`,
  ]);
  expect((await pipe.exited).code).toBe(0);
  expect(pipe.stdout).toBe('1 2 3 4 ');
  expect(pipe.stderr).toBe('');
});

test('whoever goes before an answer is over leaves it unfinished, and the exit code says so', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve([], FAST);
  const chat = `printf 'count to 20000\\ncount to 3\\n' | "${process.execPath}" "${VERBATIM_COMMAND}" chat --url ${url}`;
  const pipe = folder.spawn('sh', ['-c', `{ ${chat}; echo "$?" > code; } | head -c 8`]);
  expect((await pipe.exited).code).toBe(0);
  expect(readFileSync(join(folder.path, 'code'), 'utf8')).toBe('1\n');
  expect(pipe.stderr).toBe('');
});

test('a full disk is told in one line', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve([], FAST);
  const list = folder.spawn('sh', ['-c', `"${process.execPath}" "${VERBATIM_COMMAND}" threads list --json --url ${url} > /dev/full`]);
  expect((await list.exited).code).toBe(1);
  expect(list.stderr).toMatch(/^verbatim: ENOSPC.*\n$/);
});
