import { beforeAll, describe, expect, test } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { createTestServer } from '../../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { conversation, said, sendMessage } from './chatPage.ts';

async function serverOf(texts: readonly string[]) {
  const model = scriptedModel(texts.map((text) => ({ text })));
  const server = await createTestServer({ agents: { support: defineAgent({ description: 'helps', model }) } });
  afterTest(() => server[Symbol.asyncDispose]());
  return server;
}

describe.skipIf(!hasChromium)('text that is hard to read', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('nested without end, or long without end, it is shown, and the page goes on; so it is on the page of a link', async () => {
    const texts = [
      `${'> '.repeat(4_000)}deep`,
      '>'.repeat(20_000),
      `${'a'.repeat(50_000)}@`,
      `${'**'.repeat(20_000)}a${'**'.repeat(20_000)}`,
    ];
    const server = await serverOf([...texts, 'All of it was read.']);
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'Hello 0');
    await page.waitForURL(/\/threads\//);
    for (const at of texts.keys()) {
      await page.getByRole('button', { name: /retry/i }).first().waitFor();
      await sendMessage(page, `Hello ${at + 1}`);
    }
    await said(page, 'All of it was read.').waitFor();
    await page.reload();
    await said(page, 'All of it was read.').waitFor();
    await conversation(page).evaluate((list) => list.scrollTo(0, 0));
    await said(page, 'deep').waitFor();
    const threadId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const { secret } = await server.client().trpc.threads.share.mutate({ threadId, link: true });
    const { page: shared } = await openConsole(server.url, `/share#${secret}`);
    await said(shared, 'All of it was read.').waitFor();
  });

  test('a message that breaks is shown as plain text, and the others stay as they are', async () => {
    const server = await serverOf(['Broken ![&#60;](https://example.com) **here**', 'And **whole** again']);
    const client = server.client();
    const first = await client.send({ agent: 'support', text: 'One' });
    await first.result();
    await (await client.send({ agent: 'support', threadId: first.threadId, text: 'Two' })).result();
    const { page, faults } = await openConsole(server.url);
    await page.addInitScript(() => {
      // A browser that does not know it.
      Reflect.deleteProperty(String.prototype, 'toWellFormed');
    });
    await page.goto(new URL(`/threads/${first.threadId}`, server.url).href);
    await said(page, 'whole').waitFor();
    await page
      .getByRole('article', { name: /cannot be shown/ })
      .getByText('Broken ![&#60;](https://example.com) **here**', { exact: true })
      .waitFor();
    expect(await conversation(page).locator('strong').allInnerTexts()).toEqual(['whole']);
    // React tells of what it caught.
    expect(faults.splice(0)).toEqual([expect.stringContaining('toWellFormed')]);
  });
});
