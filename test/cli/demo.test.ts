import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { CliFolder } from '../support/cliFolder.ts';

const demoFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('verbatim-demo-'));

test('kills a server in mid-answer, and the reader gets the rest: nothing missing, nothing twice', async () => {
  await using folder = new CliFolder();
  const before = demoFolders();
  const demo = folder.verbatim(['demo']);
  expect(await demo.exited).toEqual({ code: 0, signal: null });
  expect(demo.stdout).toMatch(/kill -9 \d+/);
  expect(demo.stdout).toMatch(/ok {2}missing: 0\n/);
  expect(demo.stdout).toMatch(/ok {2}twice: 0\n/);
  expect(demo.stdout).toMatch(/ok {2}the final text is whole: yes\n/);
  // Each number once: what the crash took back was on the screen already.
  expect(demo.stdout.match(/\b(?:1 2 3|58 59 60)\b/g)).toEqual(['1 2 3', '58 59 60']);
  expect(demo.stderr).toBe('');
  expect(demoFolders()).toEqual(before);
});

test('Ctrl-C in the middle of it leaves no server and no folder', async () => {
  await using folder = new CliFolder();
  const before = demoFolders();
  const demo = folder.verbatim(['demo']);
  const [, pid, url = ''] = await demo.output('stdout', /process (\d+), (http:\/\/\S+),/);
  await demo.output('stdout', /\b5 6\b/);
  demo.kill('SIGINT');
  expect((await demo.exited).code).toBe(1);
  expect(() => process.kill(Number(pid), 0)).toThrow(/ESRCH/);
  await expect(fetch(url)).rejects.toThrow();
  expect(demoFolders()).toEqual(before);
});
