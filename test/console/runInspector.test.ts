import { beforeAll, describe, expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { closedGate } from '../testing/gate.ts';
import { expectFit } from './openAccounts.ts';
import { hasChromium } from './openConsole.ts';
import { ANSWER, openAs, openServer, QUESTION, runSupport } from './runScene.ts';

const ANN = { id: 'ann', roles: ['admin', 'user'] };

async function openRun(path = '') {
  const server = await openServer();
  const run = await runSupport(server.as(ANN).client());
  const page = await openAs(server, `/runs/${run.id}${path}`, ANN);
  const tree = page.getByRole('tree', { name: 'What the run did' });
  const row = (name: RegExp | string) => tree.getByRole('treeitem', { name });
  const events = page.getByRole('list', { name: 'Events' });
  const tab = (name: string) => page.getByRole('tab', { name }).click();
  await row(/^Run support/).waitFor();
  return { server, run, page, tree, row, events, tab };
}

describe.skipIf(!hasChromium)('the run inspector', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('shows steps, model calls, tools, approvals and child runs on an axis of time, with tokens, cost and first tokens', async () => {
    const { page, row } = await openRun();
    const call = row(/Model call scripted.*1\.2K in, 96 out/).first();
    await call.waitFor();
    expect(await call.innerText()).toMatch(/first token \d+ ms/);
    expect(await call.innerText()).toMatch(/cost 0\.0032/);
    await row(/Tool lookup_order.*There is no order 13/).waitFor();
    await row(/Run facts/).waitFor();
    expect(await row(/Run facts/).getAttribute('aria-level')).toBe('4');
    // What is after another thing stands to the right of it.
    const leftOf = async (name: RegExp): Promise<number> => (await row(name).locator('.waterfall-bar').first().boundingBox())?.x ?? 0;
    expect(await leftOf(/Tool panel/)).toBeGreaterThan(await leftOf(/Step Step 1.*/));
    await expectFit(page);
    await row(/Tool panel/).press('ArrowLeft');
    await row(/Run support/).press('End');
    await row(/Approval Approval.*approved by ann/).waitFor();
    await row(/Model call scripted.*48 out/).waitFor();
  });

  test('names that find no room on a phone are cut, and stand neither behind the bars nor in each other', async () => {
    const { page } = await openRun();
    await page.setViewportSize({ width: 360, height: 720 });
    const overlaps = () =>
      page.evaluate(() => {
        const boxes = (selector: string) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
        const inRows = [...document.querySelectorAll('.waterfall-label')].filter((label) => {
          const name = label.querySelector('.waterfall-name')?.getBoundingClientRect();
          return name !== undefined && name.right > label.getBoundingClientRect().right + 1;
        });
        const ticks = boxes('.waterfall-tick').filter(({ width }) => width > 0);
        return inRows.length + ticks.filter(({ left }, index) => left < (ticks[index - 1]?.right ?? 0)).length;
      });
    await expect.poll(overlaps).toBe(0);
  });

  test('says of a run that is not there that it is not', async () => {
    const server = await openServer();
    const page = await openAs(server, '/runs/run_nope', ANN);
    await page.getByRole('alert').waitFor();
    await expectFit(page);
  });

  test('has every event with its position, its time and its JSON; by type, by search, and by keys', async () => {
    const { page, run, server, events } = await openRun();
    const types: string[] = [];
    for await (const event of server.as(ANN).client().run(run.id)) types.push(event.type);
    await page.getByText(`${types.length} events`, { exact: true }).waitFor();
    await page.getByLabel('Type').selectOption('tool.failed');
    await page.getByText(`2 of ${types.length} events`).waitFor();
    await page.getByLabel('Search in the events').fill('no order 13');
    await page.getByText(`1 of ${types.length} events`).waitFor();
    const line = events.getByRole('button', { name: /tool\.failed/ });
    await line.press('Enter');
    expect(JSON.parse(await page.getByRole('region', { name: /as JSON/ }).innerText())).toMatchObject({
      type: 'tool.failed',
      runId: run.id,
      error: { message: expect.stringContaining('There is no order 13') },
    });
    await expectFit(page);
    await page.getByLabel('Search in the events').fill('');
    await page.getByLabel('Type').selectOption('all');
    await page.getByText(`${types.length} events`, { exact: true }).waitFor();
    await events.getByRole('button').first().focus();
    await page.keyboard.press('End');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toMatch(/run\.completed/);
    await page.keyboard.press('Enter');
    await page
      .getByRole('region', { name: `Event ${run.id && types.length}`, exact: false })
      .or(page.getByRole('region'))
      .first()
      .waitFor();
  });

  test('is walked through by keys alone', async () => {
    const { page, row, tree } = await openRun();
    await row(/^Run support/).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const selected = tree.locator('[aria-selected="true"]');
    await expect.poll(() => selected.innerText()).toMatch(/scripted/);
    await page.getByRole('heading', { name: /Model call/ }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => selected.innerText()).toMatch(/Step 1/);
    await page.keyboard.press('ArrowLeft');
    await row(/Tool panel/).waitFor({ state: 'detached' });
    expect(await selected.getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('ArrowRight');
    await row(/Tool panel/).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('treeitem');
  });

  test('shows what was sent to the model to those who may see it, and says so to others', async () => {
    const server = await openServer();
    const run = await runSupport(server.as('bob').client());
    const open = async (principal: Parameters<typeof openAs>[2]) => {
      const page = await openAs(server, `/runs/${run.id}`, principal);
      await page.getByRole('treeitem', { name: /Model call scripted.*1\.2K in/ }).click();
      return page;
    };
    const admin = await open(ANN);
    await admin.getByText('BE-KIND to everybody.').waitFor();
    await admin.getByText('Tools (3)').click();
    await admin.getByText('Find an order by its number').waitFor();
    await expectFit(admin);
    const owner = await open('bob');
    await owner.getByText('Your roles may not see what is sent to models.').waitFor();
    expect(await owner.content()).not.toContain('BE-KIND');
  });

  test('is live while the run goes on, and stops it', async () => {
    const gate = closedGate();
    const model = scriptedModel([{ text: 'Half of it', until: gate.opened }, { text: 'never said' }]);
    const server = await openServer({ agents: { support: defineAgent({ description: '', model }) } });
    const run = await server.as(ANN).client().send({ agent: 'support', text: QUESTION });
    const page = await openAs(server, `/runs/${run.id}`, ANN);
    await page.getByRole('treeitem', { name: /Run support running/ }).waitFor();
    await page.getByRole('tab', { name: 'What was said' }).click();
    await page.getByText('Half of it').waitFor();
    const width = async (): Promise<number> =>
      (
        await page
          .getByRole('treeitem', { name: /Step 1/ })
          .locator('.waterfall-bar')
          .boundingBox()
      )?.width ?? 0;
    expect(await width()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('treeitem', { name: /Run support.*stopped/ }).waitFor();
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByRole('button', { name: /run\.cancelled/ }).waitFor();
    gate.open();
  });

  test('shows attempts, and what a crash took back', async () => {
    const gate = closedGate();
    const model = scriptedModel([{ text: 'Half of it', until: gate.opened }, { text: 'The whole of it' }]);
    const server = await openServer({ agents: { support: defineAgent({ description: '', model }) } });
    const client = server.as(ANN).client();
    const run = await client.send({ agent: 'support', text: QUESTION });
    for await (const event of run) if (event.type === 'text.delta') break;
    const page = await openAs(server, `/runs/${run.id}`, ANN);
    await page.getByRole('treeitem', { name: /Run support/ }).waitFor();
    await server.crash();
    await page.getByRole('treeitem', { name: /Recovery Attempt 2.*after a crash/ }).waitFor();
    await page
      .getByRole('treeitem', { name: /interrupted/ })
      .first()
      .waitFor();
    await page.getByRole('treeitem', { name: /Run support.*done/ }).waitFor();
    await expect.poll(() => page.getByText('Attempts').locator('..').innerText()).toMatch(/2/);
    await expectFit(page);
  });

  test('plays a run again, faster or slower, and from any moment', async () => {
    const { page, events, tab } = await openRun();
    await tab('What was said');
    const said = page.getByRole('list', { name: 'What was said' });
    await said.getByText("It's done").waitFor();
    const slider = page.getByLabel('Moment of the run');
    await slider.focus();
    await page.keyboard.press('Home');
    await said.getByText("It's done").waitFor({ state: 'detached' });
    await tab('Events');
    const atFirst = await events.getByRole('listitem').count();
    expect(atFirst).toBeLessThan(4);
    await page.getByLabel('Speed').selectOption('0.5');
    await page.getByRole('button', { name: 'Play' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await expect.poll(async () => Number(await slider.inputValue())).toBeGreaterThan(10);
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = Number(await slider.inputValue());
    expect(paused).toBeLessThan(Number(await slider.getAttribute('max')));
    await page.getByLabel('Speed').selectOption('8');
    await page.getByRole('button', { name: 'Play' }).click();
    await events
      .getByRole('button', { name: /run\.completed/ })
      .last()
      .waitFor();
    await page.getByRole('button', { name: 'Play' }).waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await tab('What was said');
    await said.getByText("It's done").waitFor();
  });

  test('takes as long as the run did at its own speed', async () => {
    const { page } = await openRun();
    const slider = page.getByLabel('Moment of the run');
    const length = Number(await slider.getAttribute('max'));
    const began = performance.now();
    await page.getByRole('button', { name: 'Play' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('button', { name: 'Play' }).waitFor();
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(length * 0.9);
    expect(took).toBeLessThan(length * 1.5 + 2_000);
  });

  test('of a folded run shows what is left, and says so', async () => {
    const { page, server, tab, row } = await openRun();
    await server.fold({ olderThanDays: 0 });
    await page.reload();
    await page.getByText('The events of this run are folded').waitFor();
    await row(/Model call scripted.*1\.2K in, 96 out/).waitFor();
    await tab('What was said');
    await page.getByText(ANSWER.split('\n')[0] ?? '').waitFor();
    expect(await page.getByRole('button', { name: 'Copy as a test fixture' }).count()).toBe(0);
    await expectFit(page);
  });

  test('says when there is no such run', async () => {
    const { page, server } = await openRun();
    await page.goto(new URL('/runs/run_nobody', server.url).href);
    await page.getByRole('alert').waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  });
});
