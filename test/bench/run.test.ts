import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from '../support/spawnedCommand.ts';

test('npm run bench measures both servers, prints the ratio and writes JSON', async () => {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const json = join(tmpdir(), `verbatim-bench-${process.pid}.json`);
  try {
    const { stdout } = await runCommand('npm', ['run', 'bench', '--', '--quick', '--only', 'stream,sdk', '--json', json], {
      cwd,
      timeoutMs: 110_000,
    });
    const [, cpu, ratio, p50, p95, p99] =
      /^\| 20 \| Verbatim \| ([\d.]+) \| ([\d.]+) .*?\| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|/m.exec(stdout) ?? [];
    for (const figure of [cpu, ratio, p50]) expect(Number(figure)).toBeGreaterThan(0);
    expect(Number(p95)).toBeGreaterThanOrEqual(Number(p50));
    expect(Number(p99)).toBeGreaterThanOrEqual(Number(p95));
    expect(stdout).toMatch(/^\| 16 \| CPU a token .* \| (aim|must|\*\*no\*\*) \|$/m);
    // The package as its users find it: a whole application is type-checked, and the client bundled.
    expect(stdout).toMatch(/^\| client for the browser, gzip \| 2\d\.\d KB \|$/m);
    expect(stdout).toMatch(/^\| type-check with 2 agents \| [\d.]+ s \|$/m);
    expect(JSON.parse(readFileSync(json, 'utf8')).plans.stream.figures[0].figures.raw).toHaveLength(1);
  } finally {
    rmSync(json, { force: true });
  }
}, 120_000);
