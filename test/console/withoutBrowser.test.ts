import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { afterTest } from '../support/afterTest.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('without a browser one line says what is left out, and nothing fails', () => {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const env = { ...process.env, VERBATIM_TEST_CHROMIUM: '/nowhere/chromium', NO_COLOR: '1' };
  const { stdout, status } = spawnSync(process.execPath, [vitest, 'run', 'test/console/firstWord.test.ts'], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  });
  expect(stdout.split('\n').filter((line) => line.includes('/nowhere/chromium'))).toHaveLength(1);
  expect(stdout).toContain('1 skipped');
  expect(status).toBe(0);
}, 60_000);

/** What `.ci/run` makes of a report of the tests. */
function verdict(file: string, status: string) {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-ci-'));
  afterTest(() => rmSync(folder, { recursive: true }));
  const report = join(folder, 'report.json');
  const testResults = [{ name: join(ROOT, file), status: 'passed', assertionResults: [{ status }] }];
  writeFileSync(report, JSON.stringify({ numPassedTests: 1, numFailedTests: 0, numPendingTests: 1, testResults }));
  const [, script = ''] = /<<'JS'\n([\s\S]*)\nJS\n/.exec(readFileSync(join(ROOT, '.ci/run'), 'utf8')) ?? [];
  return spawnSync(process.execPath, ['-', report, '0', '0'], { input: script, encoding: 'utf8' });
}

test.each([
  ['test/console/chat.test.ts', 'skipped', 1],
  ['test/client/cookieInBrowser.test.ts', 'pending', 1],
  ['test/console/chat.test.ts', 'passed', 0],
  ['test/packaging/packedPackage.test.ts', 'skipped', 0],
] as const)('.ci/run, when %s was %s, ends with %i', (file, status, code) => {
  const run = verdict(file, status);
  expect(run.status).toBe(code);
  expect(run.stderr.includes('in a browser')).toBe(code === 1);
});
