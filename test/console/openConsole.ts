import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { afterTest } from '../support/afterTest.ts';
import { CHROMIUM, hasChromium } from '../support/chromium.ts';

export { hasChromium };

/** One for all files of this process, with which it ends. */
let browser: Promise<Browser> | undefined;

export interface ConsolePage {
  readonly page: Page;
  /** What the console has done that it must not: errors, broken policies, requests to others. Looked at after each test. */
  readonly faults: string[];
}

/** A page of the console in a browser profile of its own, as another device has. Closed after the test, which fails when the page had faults. */
export async function openConsole(url: string, path = '/', options: BrowserContextOptions = {}): Promise<ConsolePage> {
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  const context = await (await browser).newContext({ reducedMotion: 'reduce', ...options });
  const faults: string[] = [];
  const page = await openTab(context, url, faults);
  afterTest(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  await page.goto(new URL(path, url).href);
  return { page, faults };
}

/** Another tab of the same profile. */
export async function openTab(context: ReturnType<Page['context']>, url: string, faults: string[]): Promise<Page> {
  const page = await context.newPage();
  const { origin } = new URL(url);
  page.on('pageerror', (error) => faults.push(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    // A server that is away, or that refuses, is part of some tests: the browser itself tells of each request.
    const isNetwork = /Failed to load resource|WebSocket connection to|net::ERR_/.test(message.text());
    if (message.type() === 'error' && !isNetwork) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const to = request.url();
    if (!to.startsWith(origin) && !to.startsWith('data:') && !to.startsWith('blob:')) faults.push(`request: ${to}`);
  });
  return page;
}

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds wrong with the page as it is now, a line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  // By the debugger: as a script of the page, its own content security policy would refuse it.
  await page.evaluate(await readFile(axePath, 'utf8'));
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { readonly axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run(),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
