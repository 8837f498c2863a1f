import type { Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { type Accounts, GOOD_PASSWORD, startAccounts } from '../server/auth/startAccounts.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { accessibilityFaults } from './openConsole.ts';

// Axe looks at each state of a page four times, which takes a busy machine its time.
vi.setConfig({ testTimeout: 60_000 });

/** A server with the users `ann`, an administrator, and `bob`. */
export async function openAccounts(
  options: Parameters<typeof startAccounts>[0] = {},
): Promise<Accounts & { readonly annId: string; readonly bobId: string }> {
  expectBuilt();
  const accounts = await startAccounts(options);
  const { id: annId } = await accounts.createUser('ann', { roles: ['admin', 'user'] });
  const { id: bobId } = await accounts.createUser('bob');
  return { ...accounts, annId, bobId };
}

/** Fills the login that is shown. */
export async function logInAs(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(GOOD_PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

/** Axe finds nothing in either theme, and nothing is wider than the window, nor than a phone's. */
export async function expectFit(page: Page): Promise<void> {
  const before = page.viewportSize() ?? { width: 1280, height: 720 };
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [before.width, 360]) {
      await page.setViewportSize({ ...before, width });
      expect({ colorScheme, width, faults: await accessibilityFaults(page) }).toEqual({ colorScheme, width, faults: [] });
      const tooWide = await page.evaluate(() =>
        [...document.querySelectorAll('html, .shell-main, [role="dialog"], [role="alertdialog"]')]
          .filter((box) => box.scrollWidth > box.clientWidth + 1)
          .map((box) => box.className || box.tagName),
      );
      expect({ width, tooWide }).toEqual({ width, tooWide: [] });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(before);
}
