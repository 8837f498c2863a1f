import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { createTestServer } from '../../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { closedGate } from '../../testing/gate.ts';
import { expectFit } from '../openAccounts.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { conversation, said, sendMessage, textOf } from './chatPage.ts';

describe.skipIf(!hasChromium)('several agents that are asked at once', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('are chosen by the keyboard, and answer side by side, each with its status; after a reload too', async () => {
    const gate = closedGate();
    const server = await createTestServer({
      agents: {
        facts: defineAgent({ description: 'Finds facts', model: scriptedModel([{ text: 'At **100 °C**', until: gate.opened }]) }),
        critic: defineAgent({ description: 'Doubts them', model: scriptedModel([{ text: 'At sea level' }]) }),
        poet: defineAgent({
          description: 'Sings',
          model: scriptedModel([
            () => {
              throw new Error('no');
            },
          ]),
        }),
      },
    });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url, '/', { permissions: ['clipboard-read', 'clipboard-write'] });
    const several = page.getByRole('button', { name: 'Ask several agents at once' });
    await several.focus();
    await page.keyboard.press('Enter');
    const list = page.getByRole('group', { name: 'Ask several agents at once' });
    await list.waitFor();
    // One is always asked.
    expect(await list.getByLabel('facts').isDisabled()).toBe(true);
    expect(await list.getByLabel('critic').evaluate((box) => box === document.activeElement)).toBe(true);
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expectFit(page);
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Asked at once: facts, critic, poet' }).waitFor();
    await expectFit(page);

    await sendMessage(page, 'When does it boil?');
    const panels = conversation(page).locator('.child-run');
    const panelOf = (name: string) => panels.filter({ has: page.getByText(name, { exact: true }) });
    await panelOf('critic').getByText('done').waitFor();
    await panelOf('poet')
      .getByText(/^failed/)
      .waitFor();
    await panelOf('facts').getByText('working').waitFor();
    // What others are at work on waits for nobody.
    await said(page, 'Working …').waitFor();
    await page.getByRole('log').getByText('facts is answering.').waitFor({ state: 'attached' });
    gate.open();
    for (const _ of ['live', 'after a reload']) {
      await said(page, 'Partly answered: without poet').waitFor();
      await panelOf('facts').getByText('100 °C').waitFor();
      await panelOf('critic').getByText('At sea level').waitFor();
      const [left, right] = [await panels.nth(0).boundingBox(), await panels.nth(1).boundingBox()];
      expect(left?.y).toBe(right?.y);
      expect(left?.x).not.toBe(right?.x);
      await page.reload();
    }
    await panelOf('critic').locator('summary').click();
    await said(page, 'At sea level').waitFor({ state: 'hidden' });
    await panelOf('critic').locator('summary').click();
    await page.getByRole('button', { name: 'Copy the answer' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('## facts\n\nAt **100 °C**\n\n## critic\n\nAt sea level');
    await expectFit(page);

    // Those who were asked last are asked next, until others are chosen; one of them is as simple as ever.
    await page.getByRole('button', { name: 'Asked at once: facts, critic, poet' }).click();
    await list.getByLabel('facts').uncheck();
    await list.getByLabel('poet').uncheck();
    await page.keyboard.press('Escape');
    expect(await page.getByLabel('Agent', { exact: true }).inputValue()).toBe('critic');
  });

  test('are each given the context that any of them takes', async () => {
    const models = { here: scriptedModel([{ text: 'Moin' }]), there: scriptedModel([{ text: 'Servus' }]) };
    const agentOf = (name: keyof typeof models, field: string) =>
      defineAgent({
        description: name,
        model: models[name],
        contextInput: z.looseObject({ [field]: z.string() }),
        instructions: ({ context }) => `Know: ${context[field]}`,
      });
    const server = await createTestServer({ agents: { here: agentOf('here', 'city'), there: agentOf('there', 'street') } });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url);
    await page.getByRole('button', { name: 'Ask several agents at once' }).click();
    await page.getByLabel('there').check();
    await page.keyboard.press('Escape');
    await page.getByLabel('city').fill('Hamburg');
    await page.getByLabel('street').fill('Reeperbahn');
    await sendMessage(page, 'Hello');
    await said(page, 'Servus').waitFor();
    await said(page, 'Moin').waitFor();
    expect(await textOf(page)).not.toContain('Not sent');
    expect([models.here.requests[0]?.instructions, models.there.requests[0]?.instructions]).toEqual(['Know: Hamburg', 'Know: Reeperbahn']);
  });

  test('are not offered where there is one agent', async () => {
    const server = await createTestServer({ agents: { only: defineAgent({ description: 'o', model: scriptedModel([]) }) } });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url);
    await page.getByLabel('Agent', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Ask several agents at once' }).count()).toBe(0);
  });
});
