import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { startFaultProxy } from '../../src/testing/faultProxy.ts';
import { byToken, startServer } from '../server/startServer.ts';
import { CHROMIUM, hasChromium } from '../support/chromium.ts';

const SIZE = 15_000_000;

/** What a page does: uploads a blob and a stream, refuses a lie, and reads back what it sent. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: new URL('../..', import.meta.url).pathname,
      loader: 'ts',
      contents: `
        import { createClient } from './src/client/index.ts';
        export async function travel(url: string) {
          let token = 'old';
          const client = createClient<any>({ url, token: ({ refresh }) => (token = refresh ? 'ann' : token) });
          const bytes = new Uint8Array(${SIZE}).map((_, i) => (i * 31) % 251);
          const progress: number[] = [];
          const onProgress = ({ sentBytes, totalBytes }) => {
            if (totalBytes !== ${SIZE}) throw new Error('a total of ' + totalBytes);
            progress.push(sentBytes);
          };
          const streamed = await client.files.upload(new Blob([bytes]).stream());
          const file = await client.files.upload(new File([bytes], 'é.bin'), { onProgress });
          const lie = await client.files.upload(new Blob(['<svg/>'], { type: 'image/png' }), { onProgress: () => {} }).catch((error) => error.code);
          const abort = new AbortController();
          const given = await client.files
            .upload(new Blob([bytes]), { signal: abort.signal, onProgress: () => abort.abort() })
            .catch((error) => error.code);
          const back = new Uint8Array(await (await client.files.download(file.id)).arrayBuffer());
          await client.close();
          return JSON.stringify({
            name: file.name,
            sizes: [file.size, streamed.size],
            lie,
            given,
            same: back.length === bytes.length && back.every((byte, i) => byte === bytes[i]),
            steps: progress.length > 1,
            sorted: progress.every((sent, i) => i === 0 || sent >= progress[i - 1]),
            last: progress.at(-1),
          });
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

test.skipIf(!hasChromium)(
  'a page uploads with the progress of the browser, and reads back what it sent',
  async () => {
    const script = await bundle();
    const pages = createServer((request, response) => {
      const isScript = request.url === '/client.mjs';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><title>test</title>');
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    const { port } = pages.address() as AddressInfo;
    const server = await startServer({ authenticate: (asked) => (asked.token === 'old' ? undefined : byToken(asked)) });
    // A browser tells of its progress every 50 ms.
    const proxy = await startFaultProxy({ port: server.port });
    proxy.throttle(10_000_000, 'up');
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      const seen = await page.evaluate(`import('/client.mjs').then(({ travel }) => travel(${JSON.stringify(proxy.url)}))`);
      expect(JSON.parse(String(seen))).toEqual({
        name: 'é.bin',
        sizes: [SIZE, SIZE],
        lie: 'FILE_TYPE_REFUSED',
        given: 'CANCELLED',
        same: true,
        steps: true,
        sorted: true,
        last: SIZE,
      });
    } finally {
      await browser.close();
      await proxy.close();
      pages.close();
    }
  },
  60_000,
);
