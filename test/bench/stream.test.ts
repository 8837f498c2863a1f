import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from '../support/spawnedCommand.ts';

test('npm run bench measures both servers and prints the ratio', async () => {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = await runCommand('npm', ['run', 'bench', '--', '--quick', '--streams', '10', '--seconds', '0.5'], { cwd });
  const [, raw, verbatim, ratio] = /^\| server CPU a token, us \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|/m.exec(stdout) ?? [];
  for (const figure of [raw, verbatim, ratio]) expect(Number(figure)).toBeGreaterThan(0);
  const [, p50] = /^\| delivery p50, ms \| [\d.]+ \| ([\d.]+) \|/m.exec(stdout) ?? [];
  const [, p99] = /^\| delivery p99, ms \| [\d.]+ \| ([\d.]+) \|/m.exec(stdout) ?? [];
  expect(Number(p50)).toBeGreaterThan(0);
  expect(Number(p99)).toBeGreaterThanOrEqual(Number(p50));
});
