import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

export interface OpenPage extends AsyncDisposable {
  /** Calls what the page's script exports. */
  call<Result>(name: string, input: unknown): Promise<Result>;
  /** What the page's main thread has computed so far, in milliseconds: other processes are not in it. */
  cpuMs(): Promise<number>;
}

/** A page in a real Chromium with one script of this folder, as a production build has it. */
export async function openPage(script: string): Promise<OpenPage> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
    logLevel: 'silent',
    // The package as it is built, and not the sources that the configuration of this project names.
    tsconfigRaw: '{}',
  });
  const code = outputFiles[0]?.text ?? '';
  const pages = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(isScript ? code : '<!doctype html><meta charset="utf-8"><title>bench</title>');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const { port } = pages.address() as AddressInfo;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const debug = await page.context().newCDPSession(page);
  await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
  return {
    cpuMs: async () => {
      const { metrics } = await debug.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000;
    },
    call: (name, input) => page.evaluate(`import('/page.js').then((script) => script[${JSON.stringify(name)}](${JSON.stringify(input)}))`),
    async [Symbol.asyncDispose]() {
      await browser.close();
      pages.close();
    },
  };
}
