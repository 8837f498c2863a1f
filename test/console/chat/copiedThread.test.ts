import { expect, test } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { expectFit } from '../openAccounts.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { openServer } from '../runScene.ts';
import { said, sendMessage, textOf } from './chatPage.ts';

test.skipIf(!hasChromium)('in a fork, what was copied can be answered again, edited and forked', { timeout: 60_000 }, async () => {
  const texts = ['First answer', 'Another answer', 'Answer of the edit'];
  const model = scriptedModel(texts.map((text) => ({ text })));
  const server = await openServer({ agents: { support: defineAgent({ description: 'helps', model }) } });
  const { page } = await openConsole(server.url);
  await sendMessage(page, 'The question');
  await said(page, 'First answer').waitFor();
  const original = page.url();
  const goOn = async (act: () => Promise<void>): Promise<void> => {
    const before = page.url();
    await act();
    await expect.poll(() => page.url()).not.toBe(before);
  };
  await goOn(() => page.getByRole('button', { name: 'Fork from here' }).click());
  await said(page, 'First answer').waitFor();
  await expectFit(page);
  await page.getByRole('button', { name: 'Retry' }).click();
  await said(page, 'Another answer').waitFor();
  expect(await textOf(page)).not.toContain('First answer');
  // Its run is its own: it can be looked at.
  await page.getByRole('link', { name: 'Inspect the run' }).waitFor();

  await page.goto(original);
  await goOn(() => page.getByRole('button', { name: 'Fork from here' }).click());
  // A fork of the fork, before anybody has written in it.
  await goOn(() => page.getByRole('button', { name: 'Fork from here' }).click());
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Edit the message').fill('A better question');
  await goOn(() => page.getByRole('button', { name: 'Send in a new thread' }).click());
  await said(page, 'Answer of the edit').waitFor();
  await page.goto(original);
  await said(page, 'First answer').waitFor();
});

test.skipIf(!hasChromium)(
  'a copied answer that others follow can be forked from, and its copy has nothing after it',
  { timeout: 60_000 },
  async () => {
    const model = scriptedModel(['First answer', 'Second answer', 'Third answer'].map((text) => ({ text })));
    const server = await openServer({ agents: { support: defineAgent({ description: 'helps', model }) } });
    const client = server.client();
    const { threadId, ...run } = await client.send({ agent: 'support', text: 'First question' });
    await run.result();
    await (await client.send({ agent: 'support', text: 'Second question', threadId })).result();
    const { id } = await client.threads.fork({ threadId });
    const { page } = await openConsole(server.url, `/threads/${id}`);
    await sendMessage(page, 'Third question');
    await said(page, 'Third answer').waitFor();
    const forks = page.getByRole('button', { name: 'Fork from here' });
    await expect.poll(() => forks.count()).toBe(3);
    await expectFit(page);
    for (const [at, texts] of [
      [1, ['First question', 'First answer', 'Second question', 'Second answer']],
      [0, ['First question', 'First answer']],
    ] as const) {
      const before = page.url();
      await forks.nth(at).click();
      await expect.poll(() => page.url()).not.toBe(before);
      const forked = new URL(page.url()).pathname.split('/').at(-1) ?? '';
      expect((await client.threads.messages({ threadId: forked })).items.map(({ text }) => text)).toEqual(texts);
      await expect.poll(() => forks.count()).toBe(at + 1);
    }
  },
);
