import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import type { ScriptedModel } from '../../src/testing/scriptedModel.ts';
import { afterTest } from '../support/afterTest.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { hasChromium } from './openConsole.ts';
import { ANSWER, openAs, openServer, QUESTION, runSupport, supportAgents } from './runScene.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ANN = { id: 'ann', roles: ['admin', 'user'] };

interface Fixture {
  readonly message: { readonly agent: string; readonly text: string };
  readonly models: { readonly [agent: string]: ScriptedModel };
}

/** Type-checks it as strictly as anybody may, and loads what the compiler makes of it. In the package, where it finds itself by its name. */
async function compiled(source: string): Promise<Fixture> {
  const folder = mkdtempSync(join(ROOT, '.fixture-'));
  afterTest(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'fixture.ts'), source);
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const options = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck'];
  execFileSync(process.execPath, [tsc, ...options, '--ignoreConfig', '--types', 'node', join(folder, 'fixture.ts')], {
    stdio: 'pipe',
    cwd: ROOT,
  });
  return (await import(pathToFileURL(join(folder, 'fixture.js')).href)) as Fixture;
}

describe.skipIf(!hasChromium)('a run that is copied as a test fixture', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('compiles, and says the same again in a test server', async () => {
    const server = await openServer();
    const run = await runSupport(server.as(ANN).client());
    const page = await openAs(server, `/runs/${run.id}`, ANN);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await page.getByRole('treeitem', { name: /Model call scripted.*1\.2K in/ }).waitFor();
    await page.getByRole('button', { name: 'Copy as a test fixture' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    const source = await page.evaluate(() => navigator.clipboard.readText());
    const { message, models } = await compiled(source);
    expect(message).toEqual({ agent: 'support', text: QUESTION });
    expect(Object.keys(models).sort()).toEqual(['critic', 'facts', 'support']);
    // Throws at its end when any step is left over.
    await using again = await createTestServer({ agents: supportAgents([]), models });
    const copy = await runSupport(again.client());
    const result = await copy.result();
    expect(result).toMatchObject({ status: 'completed', text: ANSWER });
    const calls = async (of: typeof run): Promise<unknown[]> => {
      const all: unknown[] = [];
      for await (const event of of) if (event.type === 'tool.called') all.push([event.tool, event.input]);
      return all;
    };
    expect(await calls(copy)).toEqual(await calls(run));
  });
});
