import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn as openTerminal } from '@lydell/node-pty';
import { describe, expect, test, vi } from 'vitest';
import { afterTest } from '../../support/afterTest.ts';
import { type CliFolder, VERBATIM_COMMAND } from '../../support/cliFolder.ts';
import { isInstalled } from '../../support/isInstalled.ts';
import { openRunFolder } from '../runs/runFolder.ts';

vi.setConfig({ testTimeout: 60_000 });

/** `verbatim` in a folder of programs, as an installation has it. */
function pathWith(folder: CliFolder): string {
  const bin = join(folder.path, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'verbatim'), `#!/bin/sh\nexec "${process.execPath}" "${VERBATIM_COMMAND}" "$@"\n`);
  chmodSync(join(bin, 'verbatim'), 0o755);
  return `${bin}:${process.env.PATH ?? ''}`;
}

async function inShell(folder: CliFolder, shell: readonly string[], env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const [command = '', ...args] = shell;
  const spawned = folder.spawn(command, args, env);
  const { code } = await spawned.exited;
  expect(code, spawned.stderr).toBe(0);
  return spawned.stdout.split('\n').filter((line) => line !== '');
}

/** What bash is offered for a line, cut into words as bash cuts it. */
const inBash = (line: string): readonly string[] => [
  'bash',
  '--norc',
  '-c',
  `eval "$(verbatim completion bash)"; complete -p verbatim >/dev/null || exit 3
   COMP_LINE=$1 COMP_POINT=\${#1}; COMP_WORDS=(verbatim); COMP_CWORD=1; _verbatim; printf '%s\\n' "\${COMPREPLY[@]}"`,
  'bash',
  line,
];

test('bash completes commands, options, choices, and ids from the server', async () => {
  const { folder, client, url } = await openRunFolder();
  const run = await client.send({ agent: 'counter', text: 'count to 2' });
  await run.result();
  const env = { PATH: pathWith(folder) };
  expect(await inShell(folder, inBash('verbatim ru'), env)).toEqual(['runs']);
  expect(await inShell(folder, inBash('verbatim runs '), env)).toEqual(['list', 'show', 'watch', 'cancel', 'help']);
  expect(await inShell(folder, inBash('verbatim runs list --st'), env)).toEqual(['--status']);
  expect(await inShell(folder, inBash('verbatim runs list --status c'), env)).toEqual(['completed', 'cancelled']);
  expect(await inShell(folder, inBash(`verbatim runs show --url ${url} run_`), env)).toEqual([run.id]);
  // It has ended.
  expect(await inShell(folder, inBash(`verbatim runs cancel --url "${url}" `), env)).toEqual([]);
  expect(await inShell(folder, inBash('verbatim threads export '), { ...env, VERBATIM_URL: url })).toEqual([run.threadId]);
  expect(await inShell(folder, inBash('verbatim chat --agent co'), { ...env, VERBATIM_URL: url })).toEqual(['counter']);
});

test('where no server answers there is nothing, and no error', async () => {
  const { folder } = await openRunFolder();
  const env = { PATH: pathWith(folder), VERBATIM_URL: 'http://127.0.0.1:9' };
  expect(await inShell(folder, inBash('verbatim runs show '), env)).toEqual([]);
});

describe.skipIf(!isInstalled('fish'))('fish', () => {
  test('completes, with what each is', async () => {
    const { folder, client, url } = await openRunFolder();
    const { id: threadId } = await client.threads.create({ title: 'Orders \u001b[31mof May' });
    const env = { PATH: pathWith(folder), HOME: folder.path, VERBATIM_URL: url };
    const inFish = (line: string) => ['fish', '--no-config', '-c', 'verbatim completion fish | source; complete -C $argv[1]', line];
    expect(await inShell(folder, inFish('verbatim thr'), env)).toEqual(['threads\tThreads of a server']);
    expect(await inShell(folder, inFish('verbatim threads delete '), env)).toEqual([`${threadId}\tOrders ␛[31mof May`]);
    folder.write('verbatim.config.mts', '');
    expect(await inShell(folder, inFish('verbatim serve --config verbatim.config.m'), env)).toEqual(['verbatim.config.mts']);
  });
});

describe.skipIf(!isInstalled('zsh'))('zsh', () => {
  test('completes at its prompt', async () => {
    const { folder } = await openRunFolder();
    const env = { ...process.env, PATH: pathWith(folder), HOME: folder.path, TERM: 'dumb', PS1: 'ready> ' };
    const zsh = openTerminal('zsh', ['-f', '-i'], { cwd: folder.path, env, cols: 200, rows: 40 });
    afterTest(() => zsh.kill('SIGKILL'));
    let screen = '';
    zsh.onData((text) => {
      screen += text;
    });
    const shows = (pattern: RegExp) => vi.waitFor(() => expect(screen).toMatch(pattern), { timeout: 20_000 });
    await shows(/ready> /);
    zsh.write('autoload -U compinit && compinit -u -D && eval "$(verbatim completion zsh)" && echo is-set-up\r');
    await shows(/\nis-set-up/);
    zsh.write('echo verbatim; verbatim compl\t');
    await shows(/; verbatim completion /);
    zsh.write('; verbatim runs list --stat\t');
    await shows(/runs list --status /);
  });
});
