import { beforeAll, describe, expect, test, vi } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { createTestServer } from '../../../src/testing/createTestServer.ts';
import { startFaultProxy } from '../../../src/testing/faultProxy.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { logInAs, openAccounts } from '../openAccounts.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { composer, conversation, said, sendMessage, textOf } from './chatPage.ts';

async function openSlowChat() {
  const steps = Array.from({ length: 12 }, (_, i) => ({ text: `Answer ${i}` }));
  const server = await createTestServer({ agents: { helper: defineAgent({ description: 'helps', model: scriptedModel(steps) }) } });
  afterTest(() => server[Symbol.asyncDispose]());
  const proxy = await startFaultProxy({ port: server.port });
  afterTest(() => proxy.close());
  const { page } = await openConsole(proxy.url);
  await composer(page).waitFor();
  return { server, proxy, page, client: server.client() };
}

describe.skipIf(!hasChromium)('a message that is on its way', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('is there after a reload at any moment, once', async () => {
    const { proxy, page, client } = await openSlowChat();
    const stored = async (): Promise<string[]> => {
      const [thread] = (await client.threads.list()).items;
      if (thread === undefined) return [];
      return (await client.threads.messages({ threadId: thread.id })).items.filter(({ role }) => role === 'user').map(({ text }) => text);
    };
    const sent: string[] = [];
    const moments = {
      'the server is away': async (send: () => Promise<void>) => {
        proxy.refuse();
        proxy.cut();
        await send();
        proxy.accept();
      },
      'it has not come to the server': async (send: () => Promise<void>) => {
        proxy.stall('up');
        await send();
        proxy.cut();
        proxy.resume();
      },
      'its answer has not come back': async (send: () => Promise<void>) => {
        proxy.stall('down');
        await send();
        await vi.waitFor(async () => expect(await stored()).toHaveLength(sent.length), 15_000);
        proxy.cut();
        proxy.resume();
      },
      'all is well': (send: () => Promise<void>) => send(),
    };
    // The first of them begins the thread.
    for (const [text, during] of Object.entries(moments)) {
      sent.push(text);
      await during(async () => {
        await sendMessage(page, text);
        await said(page, text).waitFor();
      });
      await page.reload();
      await said(page, `Answer ${sent.length - 1}`).waitFor();
      expect(await composer(page).inputValue()).toBe('');
      expect(await stored()).toEqual(sent);
      for (const one of sent) expect(await said(page, one).count()).toBe(1);
    }
    expect((await client.threads.list()).items).toHaveLength(1);
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
  });

  test('and was refused, is shown so after a reload, with its text', async () => {
    const { page } = await openSlowChat();
    await sendMessage(page, 'First');
    await said(page, 'Answer 0').waitFor();
    await sendMessage(page, `Long ${'x'.repeat(1_100_000)}`);
    await said(page, 'Not sent.').waitFor();
    await page.reload();
    await said(page, 'Not sent.').waitFor();
    expect(await textOf(page)).toContain('Long xxx');
    await page.getByRole('button', { name: 'Send again' }).waitFor();
  });

  test('does not call back who has gone elsewhere, and is there for who returns', async () => {
    const { proxy, page, client } = await openSlowChat();
    // Its page is loaded when it is opened.
    await page.getByRole('link', { name: 'Approvals' }).first().click();
    await page.getByRole('heading', { name: 'Approvals' }).first().waitFor();
    await page.getByRole('link', { name: 'Chat' }).first().click();
    await composer(page).waitFor();
    proxy.stall('up');
    await sendMessage(page, 'First');
    await said(page, 'First').waitFor();
    await page.getByRole('link', { name: 'Approvals' }).first().click();
    await page.getByRole('heading', { name: 'Approvals' }).first().waitFor();
    proxy.resume();
    await vi.waitFor(async () => expect((await client.threads.list()).items).toHaveLength(1), 15_000);
    const [thread] = (await client.threads.list()).items;
    expect(new URL(page.url()).pathname).toBe('/approvals');
    await page.goto(`${proxy.url}/threads/${thread?.id}`);
    await said(page, 'Answer 0').waitFor();
    expect(await conversation(page).getByText('First').count()).toBe(1);
  });
});

describe.skipIf(!hasChromium)('what was written and not sent', { timeout: 60_000 }, () => {
  test('is for its writer alone: the next one in the tab does not see it', async () => {
    const { url } = await openAccounts();
    const { page } = await openConsole(url);
    await logInAs(page, 'ann');
    await composer(page).fill('a secret of ann');
    await page.reload();
    await vi.waitFor(async () => expect(await composer(page).inputValue()).toBe('a secret of ann'), 15_000);
    await page.evaluate(() => sessionStorage.setItem('verbatim.share', 'a link'));
    await page.getByRole('link', { name: 'ann' }).click();
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    expect(await page.evaluate(() => Object.entries(sessionStorage))).toEqual([]);
    await page.goto(url);
    await logInAs(page, 'bob');
    await composer(page).waitFor();
    expect(await composer(page).inputValue()).toBe('');
  });

  test('and whose login has ended, is hidden from another, too', async () => {
    const { url, root, annId } = await openAccounts();
    const { page } = await openConsole(url);
    await logInAs(page, 'ann');
    await composer(page).fill('a secret of ann');
    await root.call('mutation', 'admin.users.logOut', { userId: annId });
    await page.getByText('what you wrote is kept').waitFor();
    await logInAs(page, 'bob');
    await page.getByText('what you wrote is kept').waitFor({ state: 'detached' });
    await vi.waitFor(async () => expect(await composer(page).inputValue()).toBe(''), 15_000);
  });
});
