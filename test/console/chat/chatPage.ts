import type { Locator, Page } from 'playwright-core';

export const composer = (page: Page): Locator => page.getByLabel('Message', { exact: true });
/** What is told to screen readers says the same once more: looked at is the conversation alone. */
export const conversation = (page: Page): Locator => page.getByRole('region', { name: 'Conversation' });
export const said = (page: Page, text: string | RegExp): Locator => conversation(page).getByText(text);

export async function sendMessage(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

export async function textOf(page: Page): Promise<string> {
  return (await conversation(page).innerText()).replace(/\s+/g, ' ');
}
