import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CHROMIUM, hasChromium } from '../support/chromium.ts';
import { CliFolder, VERBATIM_COMMAND } from '../support/cliFolder.ts';
import { runCommand } from '../support/spawnedCommand.ts';

const INSTALL_TIMEOUT_MS = 300_000;
vi.setConfig({ testTimeout: 120_000 });
const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'verbatim-init-'));
const project = join(directory, 'my-shop');

/** The versions that this checkout was tested with, where it has them, so that little here depends on the day. */
function pinVersions(): void {
  const file = join(project, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
  const { devDependencies: own, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as typeof manifest;
  for (const group of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(group ?? {})) {
      if (group === undefined || (own?.[name] ?? dependencies?.[name]) === undefined) continue;
      const installed = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
      group[name] = installed.version;
    }
  }
  writeFileSync(file, JSON.stringify(manifest));
}

describe.skipIf(process.env.VERBATIM_TEST_INSTALL !== '1')('a project of `verbatim init`, installed (VERBATIM_TEST_INSTALL=1)', () => {
  beforeAll(async () => {
    const packed = await runCommand('npm', ['pack', '--ignore-scripts', '--pack-destination', directory, '--json'], { cwd: root });
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
    await runCommand(process.execPath, [VERBATIM_COMMAND, 'init', 'my-shop', '--package', join(directory, filename)], { cwd: directory });
    pinVersions();
    const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
    await runCommand('npm', install, { cwd: project, timeoutMs: INSTALL_TIMEOUT_MS });
    // Install scripts are packedPackage.test.ts's: the compiled module is that of this checkout.
    const native = 'node_modules/better-sqlite3-node20/build';
    if (Number(process.versions.node.split('.')[0]) < 22) cpSync(join(root, native), join(project, native), { recursive: true });
  }, INSTALL_TIMEOUT_MS);
  afterAll(() => rm(directory, { recursive: true, force: true }), INSTALL_TIMEOUT_MS);

  test('type-checks and builds its page, and its tests pass', async () => {
    await runCommand('npm', ['run', 'build'], { cwd: project });
    await runCommand('npm', ['test'], { cwd: project });
  });

  test('serves the page it built, and answers its typed client', async () => {
    await using folder = new CliFolder();
    const env = { PORT: '0', DATABASE: ':memory:', VERBATIM_OFFLINE_TPS: '0' };
    const server = folder.spawn('npm', ['start', '--prefix', project], env, true);
    const [, url = ''] = await server.output('stdout', /The page is at (http:\S+)/);
    const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text();
    expect(page).toContain('<title>Support</title>');
    const [, script = 'none'] = /src="([^"]+)"/.exec(page) ?? [];
    expect((await fetch(new URL(script, url))).headers.get('content-type')).toMatch(/javascript/);

    const ask = await runCommand('npm', ['run', '--silent', 'ask', '--', 'count to 5'], { cwd: project, env: { VERBATIM_URL: url } });
    expect(ask.stdout).toMatch(/^1 2 3 4 5\ncompleted, 5 tokens\n$/);
  });

  test.skipIf(!hasChromium)('its page says why an answer failed, through a reload, and asks again', async () => {
    await using folder = new CliFolder();
    // Nothing listens there.
    const env = { PORT: '0', DATABASE: ':memory:', OPENAI_API_KEY: 'wrong', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
    const server = folder.spawn('npm', ['start', '--prefix', project], env, true);
    const [, url = ''] = await server.output('stdout', /The page is at (http:\S+)/);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.getByRole('textbox', { name: 'Message' }).fill('Where is order 42?');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('The answer failed').waitFor();
      await page.reload();
      await page.getByRole('alert').getByText('The answer failed').waitFor();
      await page.getByRole('button', { name: 'Try again' }).click();
      const threadId = new URL(page.url()).searchParams.get('thread');
      const runs = new URL(`/trpc/runs.list?input=${encodeURIComponent(JSON.stringify({ json: { threadId } }))}`, url);
      await vi.waitFor(async () => expect((await (await fetch(runs)).json()).result.data.json.items).toHaveLength(2), { timeout: 20_000 });
    } finally {
      await browser.close();
    }
  });

  test('its two processes start with one command, and the page reaches the server by Vite', async () => {
    await using folder = new CliFolder();
    const port = 20_000 + (process.pid % 20_000);
    const env = { PORT: String(port), DATABASE: ':memory:', NO_COLOR: '1' };
    const dev = folder.spawn('npm', ['run', 'dev', '--prefix', project], env, true);
    const [, url = ''] = await dev.output('stdout', /\[page\].*Local: +(http:\S+)/);
    await dev.output('stdout', /\[server\] The console is at/);
    const asked = await fetch(new URL('/trpc/agents.list', url));
    expect(JSON.stringify(await asked.json())).toContain('Answers questions about orders');
  });
});
