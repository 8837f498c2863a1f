import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defineAgent, offline } from '../../src/index.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { tempFolder } from '../db/tempFolder.ts';

const agents = { assistant: defineAgent({ description: 'Counts', model: offline() }) };
const PAGE = { accept: 'text/html,*/*' };

function pageFolder(): string {
  const folder = tempFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Mine</title>');
  writeFileSync(join(folder, 'assets', 'main-abc.js'), 'console.log(1)');
  writeFileSync(join(folder, '.secret'), 'hidden');
  return folder;
}

test('a page of the application is served in the place of the console, by its files and for every path', async () => {
  await using server = await createTestServer({ agents, page: pageFolder() });
  for (const path of ['/', '/orders/42', '/threads']) {
    const answer = await fetch(server.url + path, { headers: PAGE });
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(await answer.text()).toContain('<title>Mine</title>');
  }
  const script = await fetch(`${server.url}/assets/main-abc.js`);
  expect(script.headers.get('content-type')).toMatch(/javascript/);
  expect(script.headers.get('cache-control')).toContain('immutable');
});

test('what is no file, and the API, are not the page', async () => {
  await using server = await createTestServer({ agents, page: pageFolder() });
  for (const path of ['/assets/gone.js', '/.secret', '/trpc/nothing', '/..%2f..%2fetc/passwd.txt']) {
    const answer = await fetch(server.url + path, { headers: PAGE });
    expect(answer.status, path).toBeGreaterThanOrEqual(400);
    expect(await answer.text()).not.toMatch(/Mine|hidden|root:/);
  }
  expect((await fetch(`${server.url}/orders/42`, { headers: { accept: 'application/json' } })).status).toBe(404);
  expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
  const run = await server.client().send({ agent: 'assistant', text: 'count to 2' });
  expect(await run.text()).toBe('1 2');
});

test('a folder without a page is refused, with what to do', async () => {
  await expect(createTestServer({ agents, page: tempFolder() })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('Build the page first'),
  });
});
