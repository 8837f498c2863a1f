import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defineAgent } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { CHROMIUM, hasChromium } from '../support/chromium.ts';
import { runCommand } from '../support/spawnedCommand.ts';

/** Fetching two runtimes takes a while: as the full installs, only where that is asked for. */
const inFull = process.env.VERBATIM_TEST_INSTALL === '1';

const directory = mkdtempSync(join(tmpdir(), 'verbatim-runtimes-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ANSWER = 'Hello from the other side.';
const startServer = () => {
  const agents = { assistant: defineAgent({ description: 'Greets', model: scriptedModel([]) }) };
  return createTestServer({ agents, models: { assistant: scriptedModel([{ text: ANSWER, chunks: 5 }]) } });
};

/** What each runtime does: sends, reads every event of the run, and tells what it saw. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: new URL('../..', import.meta.url).pathname,
      loader: 'ts',
      contents: `
        import { createClient } from './src/client/index.ts';
        export async function converse(url: string, transport: 'ws' | 'sse') {
          const client = createClient<any>({ url, transport });
          const run: any = await client.send({ agent: 'assistant', text: 'hello' } as any);
          let previous = 0, gaps = 0;
          for await (const event of run) {
            if ((event.firstSeq ?? event.seq) !== previous + 1) gaps++;
            previous = event.seq;
          }
          const { text } = await run.result();
          await client.close();
          return JSON.stringify({ text, gaps });
        }`,
    },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

const expected = JSON.stringify({ text: ANSWER, gaps: 0 });

describe.skipIf(!inFull)('other runtimes', () => {
  beforeAll(async () => {
    writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }');
    writeFileSync(join(directory, 'client.mjs'), await bundle());
    writeFileSync(
      join(directory, 'main.mjs'),
      `import { converse } from './client.mjs';\nconsole.log(await converse(process.argv[2], process.argv[3]));\n`,
    );
    await runCommand('npm', ['install', '--no-audit', '--no-fund', 'bun@1', 'deno@2'], { cwd: directory, timeoutMs: 240_000 });
  }, 240_000);

  test.each([
    ['bun', 'ws', ['run']],
    ['bun', 'sse', ['run']],
    ['deno', 'ws', ['run', '--allow-all']],
    ['deno', 'sse', ['run', '--allow-all']],
  ] as const)('the client runs in %s over %s', async (runtime, transport, args) => {
    await using server = await startServer();
    const { stdout } = await runCommand(join(directory, 'node_modules/.bin', runtime), [...args, 'main.mjs', server.url, transport], {
      cwd: directory,
    });
    expect(stdout.trim()).toBe(expected);
  });
});

test.skipIf(!hasChromium).each(['ws', 'sse'] as const)(
  'the client runs in a real browser over %s',
  async (transport) => {
    const script = await bundle();
    const pages = createServer((request, response) => {
      const isScript = request.url === '/client.mjs';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><title>test</title>');
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    const { port } = pages.address() as AddressInfo;
    await using server = await startServer();
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      const seen = await page.evaluate(
        `import('/client.mjs').then(({ converse }) => converse(${JSON.stringify(server.url)}, ${JSON.stringify(transport)}))`,
      );
      expect(seen).toBe(expected);
    } finally {
      await browser.close();
      pages.close();
    }
  },
  60_000,
);
