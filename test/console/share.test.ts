import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { afterTest } from '../support/afterTest.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { expectFit, logInAs, openAccounts } from './openAccounts.ts';
import { hasChromium, openConsole, openTab } from './openConsole.ts';

/** A server with a thread of the principal `ann` in which something was said. */
async function openThread(answers: readonly string[] = ['It is on its way']) {
  expectBuilt();
  const server = await createTestServer({
    agents: { support: defineAgent({ description: 'answers', model: scriptedModel(answers.map((text) => ({ text }))) }) },
  });
  afterTest(() => server[Symbol.asyncDispose]());
  const ann = server.as('ann').client();
  const run = await ann.send({ agent: 'support', text: 'Where is order 42?' });
  await run.result();
  const { threadId } = run;
  await ann.threads.update({ threadId, title: 'Order 42' });
  return { server, ann, threadId };
}

const openLink = (page: Page, url: string, secret: string | undefined) => page.goto(`${url}/share#${secret}`);

describe.skipIf(!hasChromium)('a share link', () => {
  test('shows its thread to whoever has it, to read, through a reload; its secret stays in no address and in no history', async () => {
    const { server, ann, threadId } = await openThread();
    const { secret } = await ann.threads.share({ threadId, link: true });
    const { page } = await openConsole(server.url, `/share#${secret}`);
    for (const _ of ['at once', 'after a reload']) {
      await page.getByRole('heading', { name: 'Order 42' }).waitFor();
      await page.getByText('It is on its way').waitFor();
      expect(page.url()).toBe(`${server.url}/share`);
      await expect.poll(() => page.title()).toBe('Order 42 · Verbatim');
      expect(await page.getByRole('textbox').count()).toBe(0);
      // Nothing else of the server is offered.
      expect(await page.getByRole('navigation').count()).toBe(0);
      await page.reload();
    }
    await page.getByText('It is on its way').waitFor();
    await expectFit(page);
    await page.goto('about:blank');
    await page.goBack();
    await page.getByText('It is on its way').waitFor();
    expect(page.url()).toBe(`${server.url}/share`);
  });

  test('that allows to write has a line for it, by the keyboard', async () => {
    const { server, ann, threadId } = await openThread(['It is on its way', 'Gladly']);
    const { secret } = await ann.threads.share({ threadId, link: true, access: 'write' });
    const { page } = await openConsole(server.url, `/share#${secret}`);
    await page.getByRole('textbox', { name: 'Message' }).fill('Thank you');
    await page.keyboard.press('Enter');
    await page.getByText('Gladly').waitFor();
    await expectFit(page);
    expect((await ann.threads.messages({ threadId })).items.map(({ text }) => text)).toContain('Thank you');
  });

  test('that was taken back says so, also midway; another one opens in the same tab', async () => {
    const { server, ann, threadId } = await openThread();
    const first = await ann.threads.share({ threadId, link: true });
    const { page } = await openConsole(server.url, `/share#${first.secret}`);
    await page.getByText('It is on its way').waitFor();
    await ann.threads.unshare({ threadId, shareId: first.id });
    await page.getByRole('alert').getByText('This link is not good any more.').waitFor();
    expect(await page.getByText('It is on its way').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await expectFit(page);
    const second = await ann.threads.share({ threadId, link: true });
    await openLink(page, server.url, second.secret);
    await page.getByText('It is on its way').waitFor();
    expect(page.url()).toBe(`${server.url}/share`);
    await openLink(page, server.url, 'vblink_nope');
    await page.getByRole('alert').getByText('This link is not good any more.').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    const { page: empty } = await openConsole(server.url, '/share');
    await empty.getByText('There is no link here.').waitFor();
    await expectFit(empty);
  });

  test('shows what the chat shows, to read: Markdown and code in colours, tool calls, files; nothing of it is read as HTML', async () => {
    expectBuilt();
    const attack = '<img src=x onerror="window.hacked=1"> [click](javascript:window.hacked=1)';
    const look = defineTool({
      name: 'look',
      description: 'Looks',
      input: z.object({ what: z.string() }),
      output: z.object({ seen: z.string() }),
      execute: ({ what }) => ({ seen: what }),
    });
    const pay = defineTool({
      name: 'pay',
      description: 'Pays',
      input: z.object({ amount: z.number() }),
      output: z.null(),
      needsApproval: true,
      execute: () => null,
    });
    const steps = [
      { text: `It is **there**.\n\n\`\`\`ts\nconst a = 1;\n\`\`\`\n\n${attack}`, toolCalls: [{ name: 'look', input: { what: attack } }] },
      { text: 'Now I pay', toolCalls: [{ name: 'pay', input: { amount: 3 } }] },
    ];
    const server = await createTestServer({
      agents: {
        support: defineAgent({
          description: 'answers',
          model: scriptedModel(steps),
          tools: [look, pay],
          guards: { input: [{ name: 'pii', check: () => ({ verdict: 'rewrite' as const, text: 'x', reason: attack }) }] },
        }),
      },
    });
    afterTest(() => server[Symbol.asyncDispose]());
    const ann = server.as('ann').client();
    const { id: file } = await ann.files.upload(new Blob(['a list'], { type: 'text/plain' }), { name: 'list.txt' });
    const run = await ann.send({ agent: 'support', text: attack, attachments: [file] });
    await vi.waitFor(async () => expect((await run.info()).status).toBe('waiting'));
    const { secret } = await ann.threads.share({ threadId: run.threadId, link: true });
    const { page } = await openConsole(server.url, `/share#${secret}`);
    await page.locator('strong', { hasText: 'there' }).waitFor();
    await page.locator('.hl-keyword', { hasText: 'const' }).waitFor();
    await page.getByText('The guard pii changed').waitFor();
    await page.getByText('look', { exact: true }).click();
    await page.locator('.json-tree').getByText('<img src=x').first().waitFor();
    await page.getByText('needs approval').waitFor();
    for (const name of ['Approve', 'Edit', 'Retry', 'Fork from here']) expect(await page.getByRole('button', { name }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Inspect the run' }).count()).toBe(0);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download list.txt' }).click();
    expect((await download).suggestedFilename()).toBe('list.txt');
    expect(await page.evaluate(() => (globalThis as { hacked?: unknown }).hacked)).toBeUndefined();
    expect(await page.locator('main :is(img, script, [onerror], a[href^=javascript])').count()).toBe(0);
    await expectFit(page);
  });

  test('can be kept by somebody who is logged in, and opens without that', async () => {
    const { url, root } = await openAccounts();
    const { id: threadId }: { id: string } = await root.call('mutation', 'threads.create', {
      title: 'Order 43',
      messages: [{ role: 'user', text: 'Where is order 43?' }],
    });
    const { secret }: { secret: string } = await root.call('mutation', 'threads.share', { threadId, link: true });
    const { page, faults } = await openConsole(url, `/share#${secret}`);
    await page.getByText('Where is order 43?').waitFor();
    expect(await page.getByRole('button', { name: 'Keep among my threads' }).count()).toBe(0);
    const login = await openTab(page.context(), url, faults);
    await login.goto(`${url}/account`);
    await logInAs(login, 'bob');
    await login.getByRole('heading', { name: 'Account' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Keep among my threads' }).click();
    await page.waitForURL(`${url}/threads/${threadId}`);
    await page.getByText('Where is order 43?').waitFor();
  });
});
