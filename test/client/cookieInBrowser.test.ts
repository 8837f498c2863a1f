import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { startServer } from '../server/startServer.ts';
import { afterTest } from '../support/afterTest.ts';
import { CHROMIUM, hasChromium } from '../support/chromium.ts';

/** What a page does: puts a token into the cookie, and reads by it for longer than that lasts, over a WebSocket and over SSE. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: new URL('../..', import.meta.url).pathname,
      loader: 'ts',
      contents: `
        import { createClient } from './src/client/index.ts';
        export async function read(url: string, transport: 'ws' | 'sse') {
          const withCookie: typeof fetch = (input, init) => fetch(input, { ...init, credentials: 'include' });
          const login = async () => {
            const token = await (await fetch('/token')).text();
            const { ok } = await withCookie(url + '/auth/cookie', { method: 'POST', headers: { authorization: 'Bearer ' + token } });
            if (!ok) throw new Error('no cookie');
          };
          await login();
          let renewals = 0;
          const client = createClient<any>({
            url,
            transport,
            fetch: withCookie,
            token: async ({ refresh }) => {
              if (refresh) await login();
              if (refresh) renewals += 1;
              return undefined;
            },
          });
          const states: string[] = [];
          client.connection.subscribe(({ status }) => states.push(status));
          const run = await client.send({ agent: 'pour', text: 'hold' });
          const seqs: number[] = [];
          const reading = (async () => {
            for await (const event of run) seqs.push(event.firstSeq ?? event.seq);
          })();
          while (renewals < 2) await new Promise((resolve) => setTimeout(resolve, 50));
          await fetch('/release');
          await reading;
          await client.close();
          const out = await withCookie(url + '/auth/cookie', { method: 'DELETE' });
          const after = await withCookie(url + '/trpc/auth.whoami');
          return JSON.stringify({ seen: document.cookie, states, seqs, out: out.status, after: after.status });
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

test.skipIf(!hasChromium).each(['ws', 'sse'])(
  'a page reads over %s by a cookie that it cannot see, for longer than the token in it lasts',
  async (transport) => {
    const script = await bundle();
    let issued = 0;
    const server = await startServer({
      cookie: true,
      authenticate: ({ token }) => (token?.startsWith('until-') ? { id: 'ann', expiresAt: Number(token.slice(6)) } : undefined),
    });
    const pages = createServer((request, response) => {
      if (request.url === '/token') {
        issued += 1;
        response.end(`until-${Date.now() + 2_000}`);
        return;
      }
      if (request.url === '/release') server.release();
      const isScript = request.url === '/client.mjs';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><title>test</title>');
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    const { port } = pages.address() as AddressInfo;
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
    afterTest(async () => {
      await browser.close();
      pages.close();
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    const call = `read(${JSON.stringify(server.url)}, ${JSON.stringify(transport)})`;
    const outcome = await page.evaluate(`import('/client.mjs').then(({ read }) => ${call})`);
    const { seqs, ...rest } = JSON.parse(String(outcome));
    expect(rest).toEqual({ seen: '', states: ['connecting', 'online', 'closed'], out: 204, after: 401 });
    expect(seqs).toEqual(seqs.map((_: number, index: number) => index + 1));
    expect(issued).toBeGreaterThanOrEqual(3);
  },
  60_000,
);
