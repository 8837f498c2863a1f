import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { apiKeys } from '../../src/server/auth/apiKeys.ts';
import { password } from '../../src/server/auth/password.ts';
import { GOOD_PASSWORD } from '../server/auth/startAccounts.ts';
import { startServer } from '../server/startServer.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { expectFit, logInAs, openAccounts } from './openAccounts.ts';
import { hasChromium, openConsole, openTab } from './openConsole.ts';

const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true });
const loginField = (page: Page) => page.getByRole('textbox', { name: 'Password', exact: true });

describe.skipIf(!hasChromium)('the login of the console', () => {
  test('is not there without authentication', async () => {
    expectBuilt();
    const { url } = await startServer();
    const { page } = await openConsole(url, '/account');
    await page.getByText('Nobody logged in here').waitFor();
    expect(await page.getByText('local', { exact: true }).count()).toBe(1);
    // Everything of an administrator is there, on this machine.
    await page.getByRole('link', { name: 'Users' }).waitFor();
  });

  test('says what is wrong, and lets in by the keyboard alone; a reload and another tab ask no more', async () => {
    const { url } = await openAccounts();
    const { page, faults } = await openConsole(url, '/account');
    await heading(page, 'Log in').waitFor();
    await expect.poll(() => page.title()).toBe('Log in · Verbatim');
    await expectFit(page);
    // The first field has the focus.
    await page.keyboard.type('ann');
    await page.keyboard.press('Tab');
    await page.keyboard.type('not her password');
    await page.keyboard.press('Enter');
    await page.getByText('The name or the password is wrong.').waitFor();
    await loginField(page).fill(GOOD_PASSWORD);
    await page.keyboard.press('Enter');
    await heading(page, 'Account').waitFor();
    await expect.poll(() => page.title()).toBe('Account · Verbatim');
    await page.reload();
    await heading(page, 'Account').waitFor();
    const other = await openTab(page.context(), url, faults);
    await other.goto(`${url}/account`);
    await heading(other, 'Account').waitFor();
    await page.getByRole('link', { name: 'ann' }).waitFor();
  });

  test('offers what the server takes', async () => {
    expectBuilt();
    const { url: keysAlone } = await startServer({ auth: [apiKeys()] });
    const { page } = await openConsole(keysAlone);
    await page.getByLabel('Token or API key').waitFor();
    await page.getByLabel('Name', { exact: true }).waitFor({ state: 'detached' });
    expect(await page.getByRole('button').allTextContents()).toEqual(['Log in']);
    const { url: passwordsAlone } = await startServer({ auth: [password()] });
    const { page: other } = await openConsole(passwordsAlone);
    await loginField(other).waitFor();
    await other.getByRole('button', { name: 'With a token instead' }).waitFor({ state: 'detached' });
  });

  test('takes a token for one tab, and refuses another before it is kept', async () => {
    const { url } = await openAccounts();
    const { page, faults } = await openConsole(url, '/account');
    await page.getByRole('button', { name: 'With a token instead' }).click();
    const field = page.getByLabel('Token or API key');
    await field.fill('nobody');
    await field.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await field.fill('plain');
    await field.press('Enter');
    await heading(page, 'Account').waitFor();
    expect(await page.getByLabel('Present password').count()).toBe(0);
    const other = await openTab(page.context(), url, faults);
    await other.goto(url);
    await heading(other, 'Log in').waitFor();
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await heading(page, 'Log in').waitFor();
  });

  test('that ends midway comes back where it was, with what was written and the focus; for the same user alone', async () => {
    const { url, root, annId } = await openAccounts();
    const { page } = await openConsole(url, '/account');
    await logInAs(page, 'ann');
    const draft = page.getByLabel('New password', { exact: true });
    await draft.fill('half of a long text');
    for (const back of ['ann', 'bob']) {
      await draft.focus();
      await root.call('mutation', 'admin.users.logOut', { userId: annId });
      await page.getByText('what you wrote is kept').waitFor();
      if (back === 'ann') await expectFit(page);
      // Nothing of the page can be reached, and there is nothing to go back to.
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await loginField(page).waitFor();
      expect(await page.evaluate(() => document.elementFromPoint(20, 20)?.tagName)).toBe('DIALOG');
      expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('ann');
      await logInAs(page, back);
      await page.getByText('what you wrote is kept').waitFor({ state: 'detached' });
      expect(await draft.inputValue()).toBe(back === 'ann' ? 'half of a long text' : '');
      if (back === 'ann') expect(await draft.evaluate((field) => field === document.activeElement)).toBe(true);
    }
  });

  test('that ends while a dialog is open is before that, and the dialog is there again after it', async () => {
    const { url, root, annId } = await openAccounts();
    const { page } = await openConsole(url, '/users');
    await logInAs(page, 'ann');
    await page.getByRole('button', { name: 'New user' }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('carla');
    await root.call('mutation', 'admin.users.logOut', { userId: annId });
    const login = page.getByRole('dialog', { name: 'Log in' });
    await login.getByRole('textbox', { name: 'Password' }).fill(GOOD_PASSWORD);
    await login.getByRole('button', { name: 'Log in', exact: true }).click();
    await login.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('rowheader', { name: 'carla' }).waitFor();
  });

  test('is one for all tabs: they renew it side by side, and who logs out of one has left them all', async () => {
    const { url } = await openAccounts();
    const { page, faults } = await openConsole(url, '/account');
    await logInAs(page, 'ann');
    await heading(page, 'Account').waitFor();
    const other = await openTab(page.context(), url, faults);
    await other.goto(`${url}/account`);
    // Each load takes the next refresh token.
    for (let time = 0; time < 3; time++) {
      await Promise.all([page.reload(), other.reload()]);
      await Promise.all([heading(page, 'Account').waitFor(), heading(other, 'Account').waitFor()]);
    }
    await other.getByLabel('New password', { exact: true }).fill('not for the next one here');
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await heading(other, 'Log in').waitFor();
    await other.locator('input[value="not for the next one here"], main:has-text("Account")').waitFor({ state: 'detached' });
    expect(await other.evaluate(() => [localStorage.getItem('verbatim.login'), sessionStorage.length])).toEqual([null, 0]);
    // And a login lets all of them in.
    await logInAs(page, 'bob');
    await heading(other, 'Account').waitFor();
    expect(await other.getByLabel('New password', { exact: true }).inputValue()).toBe('');
    await other.getByRole('link', { name: 'bob' }).waitFor();
  });

  test('a new password ends the logins on other devices, and this one goes on', async () => {
    const { url, logIn } = await openAccounts();
    const { page: elsewhere } = await openConsole(url, '/account');
    await logInAs(elsewhere, 'bob');
    await heading(elsewhere, 'Account').waitFor();
    const { page } = await openConsole(url, '/account');
    await logInAs(page, 'bob');
    const fill = async (present: string, next: string, again: string) => {
      await page.getByLabel('Present password').fill(present);
      await page.getByLabel('New password', { exact: true }).fill(next);
      await page.getByLabel('New password again').fill(again);
      await page.getByRole('button', { name: 'Change the password' }).click();
    };
    await fill(GOOD_PASSWORD, 'another good password', 'another god password');
    await page.getByText('not typed alike').waitFor();
    await fill('wrong', 'another good password', 'another good password');
    await page.getByText('The present password is another.').waitFor();
    await fill(GOOD_PASSWORD, 'another good password', 'another good password');
    await page.getByText('The password is changed.').waitFor();
    await expectFit(page);
    await elsewhere.getByText('Your login has ended').waitFor();
    await page.reload();
    await heading(page, 'Account').waitFor();
    await expect(logIn('bob')).rejects.toThrow();
    await logIn('bob', 'another good password');
  });

  test('a connection that an administrator closed says so, and comes back when it is asked to', async () => {
    const { url, root, annId } = await openAccounts();
    const { page } = await openConsole(url, '/users');
    await logInAs(page, 'ann');
    await page.getByRole('rowheader', { name: 'bob' }).waitFor();
    await vi.waitFor(() => root.call('mutation', 'admin.connections.close', { principalId: annId }));
    await page.getByText('The server has ended this connection.').waitFor();
    await page.getByRole('button', { name: 'Connect again' }).click();
    await page.getByText('The server has ended this connection.').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Actions for bob' }).click();
    await page.getByRole('button', { name: 'Set roles' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});
