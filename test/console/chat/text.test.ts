import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { defineTool } from '../../../src/agents/defineTool.ts';
import { createTestServer } from '../../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { closedGate } from '../../testing/gate.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { MARKDOWN } from './chatAgents.ts';
import { conversation, said, sendMessage, textOf } from './chatPage.ts';

/** Each of them would do something, if any of it were read as HTML or followed. */
const ATTACKS = [
  '<img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  '<svg onload=window.hacked=1>',
  '<iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
  '[click](javascript:window.hacked=1)',
  '[click](JaVaScRiPt:window.hacked=1)',
  '[click](data:text/html,<script>opener.hacked=1</script>)',
  '[click](vbscript:x) <javascript:window.hacked=1>',
  '![pixel](https://tracker.example/pixel.gif)',
  '<a href="javascript:window.hacked=1">click</a>',
  '&#x3C;img src=x onerror=window.hacked=1&#x3E;',
  '```html onload=window.hacked=1\n<img src=x onerror=window.hacked=1>\n```',
  '| <img src=x onerror=window.hacked=1> |\n| - |\n| [x](javascript:window.hacked=1) |',
  '[ref]\n\n[ref]: javascript:window.hacked=1',
].join('\n\n');

describe.skipIf(!hasChromium)('the text of a conversation', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('is never read as HTML, wherever it comes from, and leads nowhere but to the web and to mail', async () => {
    const tell = defineTool({
      name: 'tell',
      description: ATTACKS,
      input: z.object({ what: z.string() }),
      output: z.object({ html: z.string() }),
      execute: ({ what }) => {
        if (what === 'fail') throw new Error(ATTACKS);
        return { html: ATTACKS };
      },
    });
    const asked = defineTool({
      name: 'asked',
      description: ATTACKS,
      input: z.object({ '<img src=x onerror=window.hacked=1>': z.string().describe(ATTACKS) }),
      output: z.null(),
      needsApproval: { reason: ATTACKS },
      execute: () => null,
    });
    const name = '<img src=x onerror=window.hacked=1>';
    const server = await createTestServer({
      agents: {
        [name]: defineAgent({
          description: ATTACKS,
          model: scriptedModel([
            {
              reasoning: ATTACKS,
              text: ATTACKS,
              toolCalls: [
                { name: 'tell', input: { what: ATTACKS } },
                { name: 'tell', input: { what: 'fail' } },
                { name: ATTACKS.slice(0, 40), input: {} },
                { name: 'tell', arguments: ATTACKS },
              ],
            },
            { text: 'One more', toolCalls: [{ name: 'asked', input: { '<img src=x onerror=window.hacked=1>': ATTACKS } }] },
          ]),
          tools: [tell, asked],
        }),
      },
    });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url);
    await sendMessage(page, ATTACKS);
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    const threadId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await server.client().threads.update({ threadId, title: ATTACKS.slice(0, 100) });
    await page.reload();
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await expect.poll(() => page.title()).toContain('<img');
    for (const top of [0, 800, 1_600, 2_400, 3_200]) {
      await conversation(page).evaluate((list, y) => list.scrollTo(0, y), top);
      await page.evaluate(() => {
        for (const part of document.querySelectorAll('details')) part.open = true;
        for (const link of document.querySelectorAll('main a')) if (link.textContent === 'click') (link as HTMLElement).click();
      });
      expect(await page.evaluate(() => (globalThis as { hacked?: unknown }).hacked)).toBeUndefined();
      expect(await page.locator('main :is(img, script, iframe, [onerror], [onload], main form form)').count()).toBe(0);
      const links = await page.locator('main a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
      expect(links.filter((href) => !/^(https?:|mailto:|\/)/.test(href))).toEqual([]);
    }
  });

  test('has headings, lists, tables, quotes and code in colours that can be copied; links open elsewhere and tell nothing', async () => {
    const server = await createTestServer({
      agents: { support: defineAgent({ description: 'helps', model: scriptedModel([{ text: MARKDOWN, chunks: 60, delayMs: 5 }]) }) },
    });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url, '/', { permissions: ['clipboard-read', 'clipboard-write'] });
    await sendMessage(page, 'Where is it?');
    await said(page, 'delivered').waitFor();
    const list = conversation(page);
    await list.getByRole('heading', { name: 'Delivery of order 42' }).waitFor();
    expect(await list.getByRole('row').count()).toBe(3);
    expect(await list.getByRole('listitem').count()).toBeGreaterThanOrEqual(7);
    const link = list.getByRole('link', { name: 'the tracking page' });
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    expect(await link.getAttribute('target')).toBe('_blank');
    await list.locator('.hl-keyword', { hasText: 'const' }).waitFor();
    await page.getByRole('button', { name: 'Copy the code' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^\/\/ how it was found\nconst order/);
    await page.getByRole('button', { name: 'Copy the answer' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(MARKDOWN);
  });

  test('by a schema is a tree while it fills', async () => {
    const gate = closedGate();
    const json = '{"city":"Hamburg","days":[{"day":"Monday","rain":true},{"day":"Tuesday","rain":false}]}';
    const server = await createTestServer({
      agents: {
        weather: defineAgent({
          description: 'tells the weather',
          model: scriptedModel([{ chunks: [json.slice(0, 52)], until: gate.opened }]),
          output: z.object({ city: z.string(), days: z.array(z.object({ day: z.string(), rain: z.boolean() })) }),
        }),
      },
    });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'How is the weather?');
    await conversation(page).locator('.json-tree').getByText('Hamburg').waitFor();
    await said(page, 'Monday').waitFor();
    expect(await textOf(page)).not.toContain('{"city"');
    gate.open();
  });

  test('is told to screen readers by its paragraphs, and never word by word', async () => {
    const paragraphs = Array.from({ length: 6 }, (_, i) => `Paragraph ${i} has some words that are said.`);
    const server = await createTestServer({
      agents: {
        support: defineAgent({
          description: 'helps',
          model: scriptedModel([{ text: paragraphs.join('\n\n'), chunks: 150, delayMs: 10 }]),
        }),
      },
    });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url);
    const log = page.getByRole('log');
    await log.waitFor({ state: 'attached' });
    await log.evaluate((element) => {
      const told: string[] = [];
      Object.assign(globalThis, { told });
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) for (const node of addedNodes) told.push(node.textContent ?? '');
      }).observe(element, { childList: true, subtree: true, characterData: true });
    });
    await sendMessage(page, 'Tell me');
    await expect.poll(() => log.innerText(), { timeout: 10_000 }).toContain('Paragraph 5');
    const told = await page.evaluate(() => (globalThis as unknown as { readonly told: string[] }).told);
    expect(told[0]).toBe('support is answering.');
    expect(told.length).toBeLessThanOrEqual(7);
    expect(told.slice(1).join('\n').split('\n')).toEqual(paragraphs);
  });
});
