import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { JsonObject } from '../../src/protocol/json.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { BIG_REFUND, REFUND, shopAgents } from './inboxScene.ts';
import { expectFit } from './openAccounts.ts';
import { hasChromium } from './openConsole.ts';
import { openAs, openServer } from './runScene.ts';

const MAX = { id: 'max', roles: ['user', 'manager'] };

/** Asks for each of these inputs in a thread of ada's, in their order, and waits until a person is asked. */
async function openAsked(inputs: readonly JsonObject[], options: Parameters<typeof openServer>[0] = {}) {
  const server = await openServer({ agents: shopAgents(inputs), ...options });
  const client = server.as('ada').client();
  const runs = [];
  for (const _ of inputs) {
    const { id: threadId } = await client.threads.create({ title: 'The kettle is late' });
    const run = await client.send({ agent: 'billing', threadId, text: 'My order is late' });
    for await (const event of run) if (event.type === 'run.waiting') break;
    runs.push(run);
  }
  return { server, client, runs };
}

const row = (page: Page, name: string | RegExp) => page.getByRole('listitem').filter({ has: page.getByRole('button', { name }) });

describe.skipIf(!hasChromium)('the inbox of approvals', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('shows what is asked, by whom, for whom, where and until when; the oldest first and unfolded', async () => {
    const { server, runs } = await openAsked([REFUND, { ...REFUND, amount: 20 }]);
    const page = await openAs(server, '/approvals', 'ada');
    const heads = page.getByRole('button', { name: /refund/ });
    await heads.nth(1).waitFor();
    expect(await heads.allInnerTexts()).toEqual([expect.stringContaining('Give 39.90 back?'), expect.stringContaining('Give 20.00 back?')]);
    const first = row(page, /Give 39\.90 back\?/);
    expect(await heads.first().getAttribute('aria-expanded')).toBe('true');
    for (const said of ['billing', 'you', 'The kettle is late', 'orderId: 42', 'name: Kettle'])
      await first.getByText(said, { exact: true }).first().waitFor();
    expect(await first.getByRole('link', { name: 'The kettle is late' }).getAttribute('href')).toBe(`/threads/${runs[0]?.threadId}`);
    expect(await first.getByRole('link', { name: 'Inspect the run' }).getAttribute('href')).toBe(`/runs/${runs[0]?.id}`);
    expect(await first.getByRole('link', { name: 'billing' }).getAttribute('href')).toBe('/agents/billing');
    // It counts down.
    await heads.first().getByText('11 min left').waitFor();
    await expectFit(page);
  });

  test('an input is edited in the fields of its schema, and the decision carries a reason', async () => {
    const { server, client, runs } = await openAsked([REFUND]);
    const page = await openAs(server, '/approvals', 'ada');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByLabel('amount').fill('12.5');
    await page.getByLabel('Reason (optional)').fill('half of it');
    await page.getByLabel('Decide so again').selectOption('in this thread');
    await expectFit(page);
    await page.getByRole('button', { name: 'Approve as edited' }).click();
    await page.getByText('You approved it.').waitFor();
    // The form that had the focus is gone: it is on what came of it.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('You approved it.');
    const [decided] = (await client.approvals.list({ threadId: runs[0]?.threadId ?? '' })).items;
    expect(decided).toMatchObject({ status: 'approved', editedInput: { amount: 12.5 }, reason: 'half of it', remember: 'thread' });
    await expectFit(page);
    await page.getByRole('button', { name: 'Take out what is decided' }).click();
    await page.getByText('Nothing waits for you.').waitFor();
    await expectFit(page);
  });

  test('the number beside the link and the one of the inbox are the same at every moment', async () => {
    const { server } = await openAsked([REFUND, { ...REFUND, amount: 20 }]);
    const page = await openAs(server, '/approvals', 'ada');
    await page.getByRole('status').filter({ hasText: '2 waiting' }).waitFor();
    await page.evaluate(() => {
      const seen = new Set<string>();
      Object.assign(globalThis, { seen });
      const look = (): void => {
        const [inbox, link] = ['.approvals-note', '.shell-count [aria-hidden]'].map((part) => document.querySelector(part)?.textContent);
        seen.add(`${Number.parseInt(inbox || '0', 10)} ${link ?? 0}`);
        requestAnimationFrame(look);
      };
      look();
    });
    for (const left of ['1 waiting', '']) {
      await page.getByRole('button', { name: 'Approve', exact: true }).first().click();
      await expect.poll(() => page.locator('.approvals-note').innerText()).toBe(left);
      if (left !== '') await page.getByRole('button', { name: /Give 20\.00 back/ }).click();
    }
    await page.getByText('You approved it.').nth(1).waitFor();
    const seen = await page.evaluate(() => [...(globalThis as unknown as { readonly seen: Set<string> }).seen]);
    expect(seen).toEqual(['2 2', '1 1', '0 0']);
  });

  test('an edit that the tool does not take is refused, and stays to be mended', async () => {
    const { server } = await openAsked([REFUND]);
    const page = await openAs(server, '/approvals', 'ada');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByLabel('amount').fill('9000');
    await page.getByRole('button', { name: 'Approve as edited' }).click();
    await page.getByRole('alert').filter({ hasText: 'amount' }).waitFor();
    expect(await page.getByLabel('amount').inputValue()).toBe('9000');
    await page.getByRole('button', { name: 'Leave it as it was asked' }).click();
    await page.getByText('amount: 39.9').waitFor();
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByText('You approved it.').waitFor();
  });

  test('comes by itself, and goes when somebody else decides, who is told', async () => {
    const { server, client, runs } = await openAsked([REFUND]);
    const page = await openAs(server, '/approvals', 'ada');
    await page.getByRole('button', { name: 'Edit', exact: true }).focus();
    await client.approvals.decide({ callId: await callOf(client, runs[0]?.threadId), decision: 'reject', reason: 'not this one' });
    await page.getByText('Decided elsewhere. Rejected by ada: not this one').waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Decided elsewhere.');
    expect(await page.getByRole('button', { name: 'Approve', exact: true }).count()).toBe(0);
    await expect.poll(() => page.getByText('1 waiting').count()).toBe(0);
  });

  test('of two who decide one wins, and the other is told who it was and what', async () => {
    const { server, runs } = await openAsked([BIG_REFUND]);
    const first = await openAs(server, '/approvals', MAX);
    const second = await openAs(server, '/approvals', { ...MAX, id: 'moritz' });
    // What others decide is not read meanwhile: both see the question.
    await second.getByRole('button', { name: 'Reject' }).waitFor();
    await second.clock.install();
    await first.getByRole('button', { name: 'Approve', exact: true }).click();
    await first.getByText('You approved it.').waitFor();
    await second.getByLabel('Reason (optional)').fill('too much');
    await second.getByRole('button', { name: 'Reject' }).click();
    await second.getByText('Decided elsewhere. Approved by max.').waitFor();
    await expectFit(second);
    expect((await runs[0]?.result())?.status).toBeDefined();
  });

  test('is for those whose role it asks for: they see who asks, and no thread that is not theirs; the owner sees that it waits', async () => {
    const { server, runs } = await openAsked([BIG_REFUND]);
    const manager = await openAs(server, '/approvals', MAX);
    await manager.getByText('billing for ada').waitFor();
    await manager.getByText('not yours to read').waitFor();
    expect(await manager.content()).not.toContain(runs[0]?.threadId);
    expect(await manager.content()).not.toContain('The kettle is late');
    const owner = await openAs(server, '/approvals', 'ada');
    await owner.getByRole('heading', { name: 'Asked in your threads, for others to decide' }).waitFor();
    await owner.getByRole('button', { name: /Give 240\.00 back\?/ }).click();
    await owner.getByText('For somebody with the role manager.').waitFor();
    expect(await owner.getByRole('button', { name: 'Approve', exact: true }).count()).toBe(0);
    expect(await owner.getByRole('link', { name: 'Approvals' }).textContent()).toBe('Approvals');
    await expectFit(owner);
  });

  test('how many wait stands beside the way there, on every page', async () => {
    const { server } = await openAsked([REFUND, REFUND]);
    const page = await openAs(server, '/threads', 'ada');
    await page.getByRole('link', { name: 'Approvals 2 waiting' }).click();
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByRole('link', { name: 'Approvals 1 waiting' }).waitFor();
  });

  test('what nobody decides in time says so', async () => {
    const hurry = defineTool({
      name: 'hurry',
      description: '',
      input: z.object({}),
      output: z.string(),
      needsApproval: { reason: 'Now?', expiresInMs: 8_000 },
      execute: () => 'done',
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'hurry', input: {} }] }, { text: 'Too late' }]);
    const server = await openServer({ agents: { bot: defineAgent({ description: '', model, tools: [hurry] }) } });
    const client = server.as('ada').client();
    const page = await openAs(server, '/approvals', 'ada');
    await page.getByText('Nothing waits for you.').waitFor();
    const run = await client.send({ agent: 'bot', text: 'Go' });
    const left = page.getByText(/\d s left/);
    const before = await left.innerText();
    await expect.poll(() => left.innerText()).not.toBe(before);
    await run.result();
    await page.getByText('Nobody decided in time.').waitFor();
  });

  test('is used by keys alone', async () => {
    const { server } = await openAsked([REFUND, { ...REFUND, amount: 20 }]);
    const page = await openAs(server, '/approvals', 'ada');
    const second = page.getByRole('button', { name: /Give 20\.00 back\?/ });
    await second.focus();
    await page.keyboard.press('Enter');
    expect(await second.getAttribute('aria-expanded')).toBe('true');
    const approve = row(page, /Give 20\.00/).getByRole('button', { name: 'Approve', exact: true });
    for (let times = 0; times < 20 && !(await approve.evaluate((button) => button === document.activeElement)); times += 1) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await row(page, /Give 20\.00/)
      .getByText('You approved it.')
      .waitFor();
    await page.keyboard.press('Shift+Tab');
    expect(await second.evaluate((button) => button === document.activeElement)).toBe(true);
  });

  test('every text is shown as the text that it is', async () => {
    const attack = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    const tool = defineTool({
      name: 'pay',
      description: attack,
      input: z.object({ note: z.string().describe(attack), [attack]: z.string() }),
      output: z.string(),
      needsApproval: { reason: attack, role: 'manager' },
      execute: () => 'done',
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'pay', input: { note: attack, [attack]: attack } }] }, { text: 'Done' }]);
    const server = await openServer({ agents: { [`bot-${attack}`]: defineAgent({ description: attack, model, tools: [tool] }) } });
    const owner = { id: `ann${attack}`, roles: ['user', 'manager'] };
    const client = server.as(owner).client();
    const { id: threadId } = await client.threads.create({ title: attack });
    const run = await client.send({ agent: `bot-${attack}`, threadId, text: attack });
    for await (const event of run) if (event.type === 'run.waiting') break;
    const page = await openAs(server, '/approvals', owner);
    const manager = await openAs(server, '/approvals', MAX);
    await manager.getByText(`for ann${attack}`).first().waitFor();
    await page.getByRole('link', { name: attack, exact: true }).waitFor();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByText(attack, { exact: true }).first().waitFor();
    await expectFit(page);
    await manager.getByLabel('Reason (optional)').fill(attack);
    await manager.getByRole('button', { name: 'Reject' }).click();
    await page.getByText(`Decided elsewhere. Rejected by max: ${attack}`).waitFor();
    for (const one of [page, manager]) expect(await one.evaluate(() => 'hacked' in globalThis)).toBe(false);
  });
});

async function callOf(
  client: { approvals: { list(input: object): Promise<{ items: readonly { callId: string }[] }> } },
  threadId?: string,
) {
  const { items } = await client.approvals.list({ threadId });
  return items[0]?.callId ?? '';
}
