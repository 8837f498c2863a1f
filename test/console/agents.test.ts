import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Agent, Agents } from '../../src/agents/agent.ts';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { shopAgents } from './inboxScene.ts';
import { expectFit } from './openAccounts.ts';
import { hasChromium } from './openConsole.ts';
import { openAs, openServer } from './runScene.ts';

const ROOT = { id: 'root', roles: ['admin', 'user'] };

async function openAgents(path: string, principal: Parameters<typeof openAs>[2] = 'ann', agents: Agents = shopAgents([])) {
  const server = await openServer({ agents });
  const page = await openAs(server, path, principal);
  return { server, page, row: (name: string) => page.getByRole('row', { name: new RegExp(`^${name} `) }) };
}

describe.skipIf(!hasChromium)('the pages of agents', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('the list says what each is for, with its model, and whom it goes on to; in words, and drawn', async () => {
    const { page, row } = await openAgents('/agents');
    await row('support').waitFor();
    for (const said of ['Helps customers', 'large-2', 'billing', 'returns', 'critic'])
      expect(await row('support').innerText()).toContain(said);
    expect(await row('billing').innerText()).toContain('large-2 +2');
    expect(await row('returns').innerText()).toContain('chosen for each run');
    expect(await row('report').innerText()).toContain('own code');
    // Nothing that is for administrators.
    expect(await page.getByText('enabled', { exact: true }).count()).toBe(0);
    // Each link of the graph, and each node by its name: support and billing hand over to each other.
    expect(await page.locator('.agent-graph-edge').count()).toBe(9);
    expect(await page.locator('a.agent-graph-node title').allTextContents()).toEqual(
      expect.arrayContaining(['desk', 'support', 'billing', 'returns', 'facts', 'critic']),
    );
    await expectFit(page);
    await page.locator('a.agent-graph-node', { hasText: 'billing' }).click();
    await page.getByRole('heading', { level: 1, name: 'billing' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/agents/billing');
  });

  test('one agent: model and stand-ins, limits, history, schemas in words, tools with how they are carried out, and its links', async () => {
    const { page } = await openAgents('/agents/billing');
    const facts = page.locator('.agent');
    await facts.getByText('large-1, small-1').waitFor();
    for (const said of ['from 8K tokens on, a summary by small-1 and the newest 4K tokens', '1 min 30 s', '50K', '12']) {
      await facts.getByText(said, { exact: true }).waitFor();
    }
    const tool = page.getByRole('listitem').filter({ hasText: 'refund' }).first();
    await tool.getByText('needs approval').waitFor();
    await page.getByText('by the client', { exact: true }).waitFor();
    await tool.locator('summary').click();
    for (const said of [
      'more than 0, at most 500',
      '"late" or "broken" or "other"',
      'list of object',
      'optional',
      'What the customer is told',
    ]) {
      await tool.getByText(said).first().waitFor();
    }
    await page.getByText('Which shop the customer wrote to').waitFor();
    await page.getByText('number or null').waitFor();
    await expectFit(page);
    // What is for administrators is not told.
    expect(await page.content()).not.toContain('Be exact with money');
    expect(await page.content()).not.toContain('personal-data');
    expect(await page.getByRole('button', { name: 'Disable' }).count()).toBe(0);
    await page.getByRole('link', { name: 'desk' }).click();
    await page.getByRole('heading', { level: 1, name: 'desk' }).waitFor();
    await page.getByRole('definition').filter({ hasText: 'supportbilling' }).waitFor();
  });

  test('a tool says its time limit, tries, scopes, cache and what it asks', async () => {
    const { page } = await openAgents('/agents/support');
    const tool = (name: string) => page.getByRole('listitem').filter({ hasText: name }).first();
    await tool('search_catalogue').getByText('cached').waitFor();
    await tool('search_catalogue').locator('summary').click();
    for (const said of ['5 s', '3 times', '10 min, for everyone', 'catalogue:read', 'true when it is left out']) {
      await tool('search_catalogue').getByText(said).waitFor();
    }
    await tool('panel').locator('summary').click();
    await tool('panel').getByRole('link', { name: 'critic' }).waitFor();
  });

  test('"Try it" leads to a chat with that agent', async () => {
    const { page } = await openAgents('/agents/returns');
    await page.getByRole('link', { name: 'Try it' }).click();
    await expect.poll(() => page.getByRole('combobox', { name: 'Agent', exact: true }).inputValue()).toBe('returns');
    await page.reload();
    await expect.poll(() => page.getByRole('combobox', { name: 'Agent', exact: true }).inputValue()).toBe('returns');
    // One that is not there is not chosen.
    await page.goto(new URL('/?agent=nobody', page.url()).href);
    await expect.poll(() => page.getByRole('combobox', { name: 'Agent', exact: true }).inputValue()).toBe('desk');
  });

  test('administrators see instructions and guards, and disable and enable after a question', async () => {
    const { page, server, row } = await openAgents('/agents/billing', ROOT);
    await page.getByText('Be exact with money.').waitFor();
    await page.getByText('personal-data').waitFor();
    await page.getByText('of messages, before the model is asked').waitFor();
    await page.getByRole('button', { name: 'Disable' }).click();
    await expectFit(page);
    // Whoever presses Enter at once has cancelled.
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    const disable = page.getByRole('button', { name: 'Disable' });
    expect(await disable.evaluate((button) => button === document.activeElement)).toBe(true);
    await disable.click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Disabled by root').waitFor();
    await expect(server.as('ann').client().send({ agent: 'billing', text: 'Hi' })).rejects.toMatchObject({ code: 'AGENT_DISABLED' });
    await page.getByRole('link', { name: 'Agents' }).click();
    await row('billing').getByText('disabled').waitFor();
    await page.getByRole('button', { name: 'Actions for billing' }).click();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Enable' }).click();
    await row('billing').getByText('enabled').waitFor();
    await expectFit(page);
  });

  test('keys alone lead from the list to an agent, its tools and the chat', async () => {
    const { page } = await openAgents('/agents');
    await page.getByRole('rowheader').getByRole('link', { name: 'support' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'support' }).waitFor();
    // The picture has no stops of its own.
    expect(await page.locator('a.agent-graph-node').first().getAttribute('tabindex')).toBe('-1');
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    await page.getByText('catalogue:read').waitFor();
    await page.getByRole('link', { name: 'Try it' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?agent=support/);
  });

  test('an agent that is not there, or not for the reader, says so, and leads to the others', async () => {
    const { page } = await openAgents('/agents/nobody');
    await page.getByText('There is no agent of this name that you may use.').waitFor();
    await expectFit(page);
    await page.getByRole('link', { name: 'All agents' }).click();
    await page.getByRole('table').waitFor();
  });

  test('every text is shown as the text that it is', async () => {
    const attack = '<img src=x onerror="window.hacked=1">';
    const tool = defineTool({
      name: 'pay',
      description: attack,
      input: z.object({ [attack]: z.enum([attack, 'other']).describe(attack), link: z.string().regex(/<script>/) }),
      output: z.string(),
      scopes: [attack],
      execute: () => 'done',
    });
    const name = `bot/${attack}`;
    const bot: Agent = defineAgent({
      description: attack,
      model: scriptedModel([], { name: attack }),
      instructions: attack,
      tools: [tool],
      scopes: [attack],
      guards: { input: [{ name: attack, check: () => ({ verdict: 'pass' as const }) }] },
      handoffs: () => [bot],
    });
    const other = defineAgent({ description: attack, model: scriptedModel([], { name: attack }), handoffs: () => [bot] });
    const { page } = await openAgents('/agents', ROOT, { [name]: bot, other });
    await page.getByRole('rowheader').getByRole('link', { name }).waitFor();
    await expectFit(page);
    await page.getByRole('rowheader').getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.locator('summary').first().click();
    await page.getByText(attack, { exact: true }).first().waitFor();
    await expectFit(page);
    await page.reload();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText(`Disable ${name}?`).waitFor();
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
  });
});
