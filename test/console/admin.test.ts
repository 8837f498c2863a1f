import { describe, expect, test } from 'vitest';
import { GOOD_PASSWORD } from '../server/auth/startAccounts.ts';
import { openRaw } from '../support/rawSocket.ts';
import { expectFit, logInAs, openAccounts } from './openAccounts.ts';
import { hasChromium, openConsole } from './openConsole.ts';

/** The page, to the administrator `ann`. */
async function openAsAdmin(path: string, options: Parameters<typeof openAccounts>[0] = {}) {
  const accounts = await openAccounts(options);
  const { page } = await openConsole(accounts.url, path);
  await logInAs(page, 'ann');
  return { ...accounts, page, cell: (name: string) => page.getByRole('rowheader', { name, exact: true }) };
}

describe.skipIf(!hasChromium)('the pages of administrators', () => {
  test('are not there for others', async () => {
    const { url } = await openAccounts();
    const { page } = await openConsole(url, '/users');
    await logInAs(page, 'bob');
    await page.getByText('There is no such page.').waitFor();
    expect(await page.getByRole('link', { name: 'Users' }).count()).toBe(0);
  });

  test('users: made, given other roles, a password, disabled and enabled; by the keyboard, with the focus kept', async () => {
    const { page, cell, logIn, bobId, root } = await openAsAdmin('/users');
    await cell('bob').waitFor();
    await expectFit(page);
    await page.getByRole('button', { name: 'New user' }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('carla');
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill('short');
    await page.getByRole('dialog').getByLabel('premium').check();
    await page.getByLabel('Others, separated by commas').fill('support, night');
    await expectFit(page);
    await page.keyboard.press('Enter');
    // What the server does not take is said, and what was typed stays.
    await page
      .getByRole('dialog')
      .getByRole('alert')
      .getByText(/password/i)
      .waitFor();
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(GOOD_PASSWORD);
    await page.keyboard.press('Enter');
    await cell('carla').waitFor();
    await page.getByRole('row', { name: /carla.*night/ }).waitFor();
    await logIn('carla');

    const actions = page.getByRole('button', { name: 'Actions for bob' });
    await actions.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Set roles' }).waitFor();
    await expectFit(page);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByLabel('support').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /bob.*support/ }).waitFor();
    await actions.click();
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByRole('textbox', { name: 'New password' }).fill('a wholly other password');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await logIn('bob', 'a wholly other password');

    await actions.click();
    await page.getByRole('button', { name: 'Disable' }).click();
    await expectFit(page);
    // Whoever presses Enter at once has cancelled.
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(await actions.evaluate((button) => button === document.activeElement)).toBe(true);
    await actions.click();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('row', { name: /bob.*disabled/ }).waitFor();
    await expect(logIn('bob', 'a wholly other password')).rejects.toThrow();
    await actions.click();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('row', { name: /bob.*active/ }).waitFor();
    const { items }: { items: { id: string; roles: string[] }[] } = await root.call('query', 'admin.users.list', {});
    expect(items.find(({ id }) => id === bobId)?.roles).toEqual(['user', 'support']);
  });

  test('keys: made and shown once, to be copied; revoked after a question', async () => {
    const { page, get, url } = await openAsAdmin('/keys');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
    await page.getByText('There are no keys.').waitFor();
    await expectFit(page);
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Deploy');
    await expectFit(page);
    await page.keyboard.press('Enter');
    const shown = page.getByLabel('Key', { exact: true });
    const key = await shown.inputValue();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    await expectFit(page);
    expect((await get('auth.whoami', key)).status).toBe(200);
    // A slip beside the dialog does not lose it.
    await page.mouse.click(5, 5);
    await shown.waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('rowheader', { name: 'Deploy' }).waitFor();
    await expectFit(page);
    expect(await page.content()).not.toContain(key);
    await page.getByRole('button', { name: 'Revoke Deploy' }).click();
    expect((await get('auth.whoami', key)).status).toBe(200);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('row', { name: /Deploy.*revoked/ }).waitFor();
    expect((await get('auth.whoami', key)).status).toBe(401);
  });

  test('connections: come and go by themselves while they are looked at, and can be closed', async () => {
    const { page, port, cell } = await openAsAdmin('/connections');
    await cell('root').waitFor();
    const socket = await openRaw({ port, params: { token: 'plain' } });
    await cell('plain').waitFor();
    await expectFit(page);
    await page.getByRole('button', { name: /Close the connection of plain/ }).click();
    await expectFit(page);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Close the connection' }).click();
    await cell('plain').waitFor({ state: 'detached' });
    expect((await socket.closed).code).toBe(4403);
  });

  test('audit: filtered, page by page, with a filter that is in the address', async () => {
    const { page, root, bobId } = await openAsAdmin('/audit');
    await page.getByRole('rowheader', { name: 'users.create' }).first().waitFor();
    await expectFit(page);
    for (let time = 0; time < 60; time++) {
      await root.call('mutation', `admin.users.${time % 2 === 0 ? 'disable' : 'enable'}`, { userId: bobId });
    }
    await page.getByLabel('Action', { exact: true }).fill('users.*');
    await page.getByLabel('What it was done to').fill(bobId);
    await page.keyboard.press('Enter');
    await page.waitForURL(/action=users/);
    await page.getByRole('rowheader', { name: 'users.enable' }).first().waitFor();
    expect(await page.getByRole('rowheader', { name: 'audit.list' }).count()).toBe(0);
    await page.reload();
    await page.getByLabel('Outcome').selectOption('refused');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByText('There is no such entry.').waitFor();
    await page.goBack();
    await page.getByRole('rowheader', { name: 'users.enable' }).first().waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    const before = await page.getByRole('row').count();
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => page.getByRole('row').count()).toBeGreaterThan(before);
    await page.getByText('npx verbatim-agents audit verify').waitFor();
  });

  test('settings: what holds and who said so, to be searched; no secret among them', async () => {
    const { page, cell } = await openAsAdmin('/settings', { limits: { maxSteps: 7 }, metrics: { token: 'a-secret-of-the-operator' } });
    await page.getByRole('row', { name: /limits\.maxSteps 7 / }).waitFor();
    expect(await page.content()).not.toContain('a-secret-of-the-operator');
    await page.getByLabel('Search').fill('maxsteps');
    await cell('limits.maxConnections').waitFor({ state: 'detached' });
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Only what somebody has set').check();
    await cell('limits.maxConnections').waitFor({ state: 'detached' });
    await cell('limits.maxSteps').waitFor();
    // Of a few rows: axe takes long over all of them.
    await expectFit(page);
    await page.getByLabel('Search').fill('no such thing');
    await page.getByText('No setting has that in it.').waitFor();
  });
});
