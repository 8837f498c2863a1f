import { expect, test } from 'vitest';
import { BIG_REFUND, REFUND, shopAgents } from '../inboxScene.ts';
import { expectFit } from '../openAccounts.ts';
import { hasChromium } from '../openConsole.ts';
import { openAs, openServer } from '../runScene.ts';
import { conversation, said } from './chatPage.ts';

/** A thread of ada's in which a call waits for a person. */
async function openAsked(input: typeof REFUND) {
  const server = await openServer({ agents: shopAgents([input]) });
  const client = server.as('ada').client();
  const run = await client.send({ agent: 'billing', text: 'My order is late' });
  for await (const event of run) if (event.type === 'run.waiting') break;
  return { server, client, threadId: run.threadId };
}

test.skipIf(!hasChromium)(
  'whoever may not decide reads in the chat who may, and has no form; whoever may has it',
  { timeout: 60_000 },
  async () => {
    const { server, client, threadId } = await openAsked(BIG_REFUND);
    await client.threads.share({ threadId, with: 'max', access: 'write' });
    const page = await openAs(server, `/threads/${threadId}`, 'ada');
    await said(page, 'For somebody with the role manager.').waitFor();
    await said(page, 'Give 240.00 back?').waitFor();
    await said(page, 'Espresso machine').last().waitFor();
    for (const name of ['Approve', 'Reject']) expect(await page.getByRole('button', { name }).count()).toBe(0);
    expect(await conversation(page).getByRole('textbox').count()).toBe(0);
    await expectFit(page);

    const manager = await openAs(server, `/threads/${threadId}`, { id: 'max', roles: ['user', 'manager'] });
    await manager.getByRole('button', { name: 'Approve', exact: true }).click();
    await said(page, 'Approved by max').waitFor({ state: 'attached' });
  },
);

test.skipIf(!hasChromium)('whoever may only read a thread does not decide in it', { timeout: 60_000 }, async () => {
  const { server, client, threadId } = await openAsked(REFUND);
  await client.threads.share({ threadId, with: 'bea', access: 'read' });
  const page = await openAs(server, `/threads/${threadId}`, 'bea');
  await said(page, 'For somebody who may write in the thread.').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
});
