import { beforeAll, describe, expect, test } from 'vitest';
import { expectBuilt } from '../support/builtDist.ts';
import { expectFit } from './openAccounts.ts';
import { hasChromium, openConsole } from './openConsole.ts';
import { openAs, openServer } from './runScene.ts';

const ANN = { id: 'ann', roles: ['user'] };
const ROOT = { id: 'root', roles: ['admin', 'user'] };

async function openThreads(titles: readonly string[], principal: Parameters<typeof openAs>[2] = ANN) {
  const server = await openServer();
  const client = server.as(principal).client();
  for (const title of titles) await client.threads.create({ title });
  const page = await openAs(server, '/threads', principal);
  const link = (name: string) => page.getByRole('link', { name, exact: true });
  const choose = async (title: string, act: string): Promise<void> => {
    await page.getByRole('button', { name: `Actions for ${title}` }).click();
    await page.getByRole('button', { name: act, exact: true }).click();
  };
  return { server, client, page, link, choose };
}

describe.skipIf(!hasChromium)('the threads page', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('finds threads by their titles, with what is looked for in the address', async () => {
    const { page, link } = await openThreads(['Kettle', 'Teapot', 'Old kettle']);
    await link('Teapot').waitFor();
    await page.getByLabel('Search in the titles').fill('kettle');
    await link('Teapot').waitFor({ state: 'detached' });
    await link('Old kettle').waitFor();
    await page.waitForURL(/search=kettle/);
    await page.reload();
    await link('Kettle').waitFor();
    expect(await link('Teapot').count()).toBe(0);
    await page.getByLabel('Search in the titles').fill('nothing like it');
    await page.getByText('No title has that in it.').waitFor();
    await expectFit(page);
  });

  test('calls a thread without a title by how its first message begins', async () => {
    const { client, page, link } = await openThreads(['Teapot']);
    await client.threads.create({ messages: [{ role: 'user', text: 'Does this **kettle**\nwhistle?' }] });
    await client.threads.create({});
    await page.reload();
    await link('Untitled thread').waitFor();
    await page.getByRole('button', { name: 'Actions for Does this **kettle** whistle?' }).waitFor();
    await link('Does this **kettle** whistle?').click();
    await page.getByRole('heading', { name: 'Does this **kettle** whistle?', level: 1 }).waitFor();
    await expect.poll(() => page.title()).toBe('Does this **kettle** whistle? · Verbatim');
  });

  test('renames, and deletes after a question', async () => {
    const { page, link, choose, client } = await openThreads(['Kettle', 'Teapot']);
    await choose('Kettle', 'Rename');
    await page.getByRole('dialog').getByLabel('Title').fill('Big kettle');
    await expectFit(page);
    await page.keyboard.press('Enter');
    await link('Big kettle').waitFor();
    await choose('Teapot', 'Delete');
    await page.getByText('Delete “Teapot”?').waitFor();
    await expectFit(page);
    // Enter alone does nothing that cannot be undone.
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await link('Teapot').waitFor();
    await choose('Teapot', 'Delete');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await link('Teapot').waitFor({ state: 'detached' });
    expect((await client.threads.list()).items.map(({ title }) => title)).toEqual(['Big kettle']);
  });

  test('shares with somebody by name, who finds it among those shared, until it is taken back', async () => {
    const { page, choose, server } = await openThreads(['Kettle']);
    await choose('Kettle', 'Share');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('It is shared with nobody.').waitFor();
    await dialog.getByLabel('With', { exact: true }).fill('bob');
    await dialog.getByLabel('They may').selectOption('read and write');
    await page.keyboard.press('Tab');
    await dialog.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog.getByRole('button', { name: 'Take back: bob' }).waitFor();
    await expectFit(page);
    const bob = await openAs(server, '/threads', 'bob');
    await bob.getByText('There are no threads yet.').waitFor();
    await bob.getByText('Shared with me').click();
    await bob.getByRole('link', { name: 'Kettle' }).waitFor();
    await bob.getByText('to read and write').waitFor();
    expect(await bob.getByRole('button', { name: /Actions for/ }).count()).toBe(0);
    await dialog.getByRole('button', { name: 'Take back: bob' }).click();
    await dialog.getByText('It is shared with nobody.').waitFor();
    await bob.reload();
    await bob.getByText('Nobody has shared a thread with you.').waitFor();
  });

  test('shares by a link whose secret no server sees in an address', async () => {
    const { page, choose, server } = await openThreads(['Kettle']);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await choose('Kettle', 'Share');
    await page.getByRole('button', { name: 'Make a link' }).click();
    await expectFit(page);
    await page.getByRole('button', { name: 'Copy the link' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const { pathname, hash, search } = new URL(link);
    expect({ pathname, search, isLong: hash.length > 20 }).toEqual({ pathname: '/share', search: '', isLong: true });
    const guest = await openConsole(server.url, '/share');
    const asked: string[] = [];
    guest.page.on('request', (request) => asked.push(request.url()));
    await guest.page.goto(link);
    await guest.page.reload();
    await guest.page.getByRole('heading', { name: 'Kettle' }).waitFor();
    expect(asked.filter((url) => url.split('#')[0]?.includes(hash.slice(1)))).toEqual([]);
  });

  test('has the threads of all for administrators only', async () => {
    const { server, page } = await openThreads(['Kettle of root'], ROOT);
    await server.as('ann').client().threads.create({ title: 'Kettle of ann' });
    await page.getByText('All', { exact: true }).click();
    await page.getByRole('link', { name: 'Kettle of ann' }).waitFor();
    await page.getByText('of ann', { exact: true }).waitFor();
    await expectFit(page);
    const ann = await openAs(server, '/threads?of=all', 'ann');
    await ann.getByRole('link', { name: 'Kettle of ann' }).waitFor();
    expect(await ann.getByText('All', { exact: true }).count()).toBe(0);
    expect(await ann.getByRole('link', { name: 'Kettle of root' }).count()).toBe(0);
  });

  test('goes on without an end, page by page, with few rows in the document', async () => {
    const { page, link } = await openThreads(Array.from({ length: 350 }, (_, place) => `Thread ${place}`));
    await link('Thread 349').waitFor();
    const list = page.getByRole('list', { name: 'Threads' });
    await link('Thread 349').focus();
    await expect
      .poll(
        async () => {
          await page.keyboard.press('End');
          return link('Thread 0').count();
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    expect(await list.getByRole('listitem').count()).toBeLessThan(60);
  });

  test('is used by keys alone', async () => {
    const { page, link } = await openThreads(['Third', 'Second', 'First']);
    await link('First').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Second');
    await page.keyboard.press('F2');
    await page.getByRole('dialog').getByLabel('Title').waitFor();
    await page.keyboard.type('Renamed');
    await page.keyboard.press('Enter');
    await link('Renamed').waitFor();
    await link('Third').focus();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await link('Third').waitFor({ state: 'detached' });
    await link('First').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/threads\/.+/);
  });

  test('shows titles and names as the texts that they are', async () => {
    const attack = '<img src=x onerror="window.hacked=1">';
    const { page, link, choose } = await openThreads([attack]);
    await link(attack).waitFor();
    await choose(attack, 'Delete');
    await page.getByText(`Delete “${attack}”?`).waitFor();
    await page.keyboard.press('Escape');
    await choose(attack, 'Share');
    await page.getByLabel('With', { exact: true }).fill(attack);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Take back: ${attack}` }).waitFor();
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    await expectFit(page);
  });
});
