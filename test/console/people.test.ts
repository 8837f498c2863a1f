import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import { GOOD_PASSWORD } from '../server/auth/startAccounts.ts';
import { afterTest } from '../support/afterTest.ts';
import { BIG_REFUND, shopAgents } from './inboxScene.ts';
import { expectFit, logInAs, openAccounts } from './openAccounts.ts';
import { hasChromium, openConsole } from './openConsole.ts';

/** The page, to the administrator `ann`. */
async function openAsAdmin(path: string, options: Parameters<typeof openAccounts>[0] = {}) {
  const accounts = await openAccounts(options);
  const { page } = await openConsole(accounts.url, path);
  await logInAs(page, 'ann');
  return { ...accounts, page };
}

describe.skipIf(!hasChromium)('people, to administrators', { timeout: 60_000 }, () => {
  test('users: each with its id, to be copied', async () => {
    const { page, bobId, url } = await openAsAdmin('/users');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
    const row = page.getByRole('row', { name: /^bob/ });
    await row.getByText(bobId).waitFor();
    await row.getByRole('button', { name: 'Copy' }).click();
    await row.getByText('Copied').first().waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(bobId);
    await expectFit(page);
  });

  test('audit: who did what by name, filtered by name; no action is broken within a word', async () => {
    const { page, bobId, root } = await openAsAdmin('/audit');
    await root.call('mutation', 'admin.users.disable', { userId: bobId });
    await page.getByLabel('What it was done to').fill('bob');
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`target=${bobId}`));
    const row = page.getByRole('row', { name: /users\.disable/ });
    await row.getByText('bob', { exact: true }).waitFor();
    expect(await row.getByTitle(bobId).count()).toBe(1);
    expect(await page.getByLabel('What it was done to').inputValue()).toBe('bob');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('row', { name: /login/ }).first().waitFor();
    const heights = await page
      .getByRole('rowheader')
      .evaluateAll((heads) => heads.map((head) => head.firstElementChild?.getClientRects().length));
    expect(new Set(heights)).toEqual(new Set([1]));
    await expectFit(page);
  });

  test('connections: by name', async () => {
    const { page, annId } = await openAsAdmin('/connections');
    await page.getByRole('rowheader', { name: 'ann', exact: true }).first().waitFor();
    expect(await page.getByRole('rowheader', { name: annId }).count()).toBe(0);
    await page
      .getByRole('button', { name: /Close the connection of ann/ })
      .first()
      .waitFor();
  });

  test('approvals and threads: whose they are by name, and who decided', async () => {
    const { page, url, logIn, root, bobId } = await openAsAdmin('/approvals', { agents: shopAgents([BIG_REFUND]) });
    await root.call('mutation', 'admin.users.create', { name: 'max', password: GOOD_PASSWORD, roles: ['user', 'admin', 'manager'] });
    const { accessToken: token } = await logIn('bob');
    const client = createClient({ url, token });
    afterTest(() => client.close());
    const run = await client.send({ agent: 'billing', text: 'My order is late' });
    for await (const event of run) if (event.type === 'run.waiting') break;
    const other = await openConsole(url, '/approvals');
    await logInAs(other.page, 'max');
    await other.page.getByText('billing for bob').waitFor();
    expect(await other.page.getByText(bobId).count()).toBe(0);
    await other.page.getByRole('button', { name: 'Edit', exact: true }).click();
    await other.page.getByLabel('amount').fill('12.5');
    await other.page.getByRole('button', { name: 'Approve as edited' }).click();
    await other.page.getByText('You approved it.').waitFor();

    // An edit is seen without unfolding anything.
    await page.goto(`${url}/threads?of=all`);
    await page.getByText('of bob', { exact: true }).waitFor();
    await page.goto(`${url}/threads/${run.threadId}`);
    await page.getByText('Edited by max: called with another input than the model gave').waitFor();
    await expectFit(page);
  });
});

describe.skipIf(!hasChromium)('titles of the document', { timeout: 60_000 }, () => {
  test('each page has its own, and a thread that is not there does not pass for one', async () => {
    const { page, url } = await openAsAdmin('/threads');
    for (const name of ['Threads', 'Approvals', 'Agents', 'Dashboard', 'Users', 'Keys', 'Connections', 'Audit', 'Settings']) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await expect.poll(() => page.title()).toBe(`${name} · Verbatim`);
    }
    await page.getByRole('link', { name: 'Chat' }).click();
    await expect.poll(() => page.title()).toBe('New thread · Verbatim');
    await page.goto(`${url}/threads/thread_nothing`);
    await expect.poll(() => page.title()).toBe('No thread to show · Verbatim');
    await page.getByRole('heading', { name: 'No thread to show' }).waitFor();
    // Nothing can be written to it, and lost.
    expect(await page.getByLabel('Message', { exact: true }).count()).toBe(0);
    const response = await page.goto(`${url}/nonsense`);
    expect(response?.status()).toBe(404);
    await page.getByText('There is no such page.').waitFor();
    await expect.poll(() => page.title()).toBe('No such page · Verbatim');
  });
});
