import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { BrowserContextOptions } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { createTestServer } from '../../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { closedGate } from '../../testing/gate.ts';
import { accessibilityFaults, hasChromium, openConsole } from '../openConsole.ts';
import { createPanel, lookupOrder, MARKDOWN, REFUND, refund, takePhoto } from './chatAgents.ts';
import { composer, conversation, said, sendMessage } from './chatPage.ts';

const MAX_FIRST_LOAD = 250_000;
const CONSOLE = fileURLToPath(new URL('../../../dist/console/', import.meta.url));

async function serverWithAll() {
  const gate = closedGate();
  const { agents, panel } = createPanel();
  const calls = [
    { name: 'lookup_order', input: { orderId: '42' } },
    { name: 'lookup_order', input: { orderId: '13' } },
    { name: 'panel', input: { task: 'When does a kettle boil?' } },
  ];
  const server = await createTestServer({
    agents: {
      support: defineAgent({
        description: 'helps',
        model: scriptedModel([
          { reasoning: 'I look it up first.', text: MARKDOWN, toolCalls: calls },
          { text: 'A refund is right here.', toolCalls: [{ name: 'refund', input: REFUND }] },
          { text: 'And now I look.', toolCalls: [{ name: 'take_photo', input: { what: 'the parcel' } }] },
          { text: 'It goes on', until: gate.opened },
          { text: 'The second answer' },
        ]),
        tools: [lookupOrder, refund, takePhoto, panel],
      }),
      ...agents,
    },
  });
  afterTest(() => server[Symbol.asyncDispose]());
  return { server, gate };
}

describe.skipIf(!hasChromium)('the chat page', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test.each<[string, BrowserContextOptions]>([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ])('%s: axe finds nothing in any state of it, and nothing is wider than the page', async (_, options) => {
    const { server, gate } = await serverWithAll();
    const { page } = await openConsole(server.url, '/', options);
    const look = async (): Promise<void> => {
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
      const over = await page
        .locator('.chat-list-all, .composer')
        .evaluateAll((parts) => parts.filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.className));
      expect(over).toEqual([]);
    };
    await composer(page).waitFor();
    await look();
    await sendMessage(page, 'Where is my order, and can I have my money back?');
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await look();
    await conversation(page).evaluate((list) => list.scrollTo(0, 0));
    await said(page, 'Reasoning').click();
    await said(page, 'lookup_order').first().click();
    await look();
    await page.getByRole('button', { name: 'To the end' }).click();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('button', { name: 'Submit the result' }).waitFor();
    await look();
    await page.getByLabel('seen').fill('a dent');
    await page.getByRole('button', { name: 'Submit the result' }).click();
    await said(page, 'It goes on').waitFor();
    await sendMessage(page, 'One more');
    await said(page, 'Waiting for its turn').waitFor();
    await look();
    gate.open();
    await said(page, 'The second answer').waitFor();
  });

  test('is used by keys alone: write, steer or stop, decide, edit, open a tool, read from the beginning', async () => {
    const { server, gate } = await serverWithAll();
    const { page } = await openConsole(server.url);
    const { keyboard } = page;
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 80; presses += 1) {
        await keyboard.press('Tab');
        const focused = await page.evaluate(() => {
          const element = document.activeElement;
          return `${element?.getAttribute('aria-label') ?? ''} ${element?.textContent ?? ''}`;
        });
        if (name.test(focused)) return;
      }
      throw new Error(`Nothing that is reached by Tab is ${name}`);
    };
    await composer(page).waitFor();
    await tabTo(/^Message/);
    await keyboard.type('Where is it?');
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    expect(await composer(page).evaluate((field) => field === document.activeElement)).toBe(true);
    await tabTo(/^Conversation/);
    await keyboard.press('Home');
    await said(page, 'lookup_order').first().waitFor();
    await tabTo(/lookup_order/);
    await keyboard.press('Enter');
    await said(page, 'Descaler').first().waitFor();
    await tabTo(/^ ?Approve/);
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Submit the result' }).waitFor();
    await tabTo(/^Stop/);
    await keyboard.press('Enter');
    await said(page, 'Stopped').waitFor();
    await tabTo(/^Edit/);
    await keyboard.press('Enter');
    expect(await page.getByLabel('Edit the message').evaluate((field) => field === document.activeElement)).toBe(true);
    await keyboard.press('Escape');
    await page.getByLabel('Edit the message').waitFor({ state: 'detached' });
    gate.open();
  });
});

test('the chat page loads less than 250 KB at first', () => {
  expectBuilt();
  const html = readFileSync(`${CONSOLE}index.html`, 'utf8');
  const loaded = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(loaded.length).toBeGreaterThanOrEqual(2);
  // What those import at once is loaded, too.
  const all = new Set(loaded);
  for (const path of all) {
    if (!path.endsWith('.js')) continue;
    const code = readFileSync(CONSOLE + path, 'utf8');
    for (const [, name] of code.matchAll(/(?:^|[;}\s])import\s*(?:[^'"()]*?from\s*)?["']\.\/([^"']+\.js)["']/g)) all.add(`assets/${name}`);
  }
  const sizes = [...all].map((path) => gzipSync(readFileSync(CONSOLE + path)).length);
  expect(sizes.reduce((sum, size) => sum + size, gzipSync(html).length)).toBeLessThan(MAX_FIRST_LOAD);
});
