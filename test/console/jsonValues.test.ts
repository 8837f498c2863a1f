import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { JsonObject } from '../../src/protocol/json.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { afterTest } from '../support/afterTest.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { conversation, said, sendMessage } from './chat/chatPage.ts';
import { accessibilityFaults, hasChromium, openConsole } from './openConsole.ts';

const DEPTH = 800;

/** An agent that calls `pay` with this, and is answered by something deep. */
async function openPaid(input: JsonObject, needsApproval: boolean) {
  const paid: unknown[] = [];
  const pay = defineTool({
    name: 'pay',
    description: 'Pays',
    input: z.object({ amount: z.number(), note: z.string().nullable().optional() }),
    output: z.any(),
    needsApproval,
    execute: (given) => {
      paid.push(given);
      let deep = {};
      for (let level = 0; level < DEPTH; level += 1) deep = { inner: deep };
      return deep;
    },
  });
  const model = scriptedModel([{ text: 'I pay.', toolCalls: [{ name: 'pay', input }] }, { text: 'Paid.' }]);
  const server = await createTestServer({ agents: { support: defineAgent({ description: 'helps', model, tools: [pay] }) } });
  afterTest(() => server[Symbol.asyncDispose]());
  const { page } = await openConsole(server.url);
  await sendMessage(page, 'Pay it');
  return { page, paid };
}

describe.skipIf(!hasChromium)('JSON', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('that is cleared and written anew stays in its field, and while it is empty or none it is not approved', async () => {
    const { page, paid } = await openPaid({ amount: 1, note: 'hello' }, true);
    const field = page.getByLabel(/^note/);
    const approve = page.getByRole('button', { name: /^Approve/ });
    await field.focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await approve.click();
    expect(await field.evaluate((element) => element.matches(':invalid:focus'))).toBe(true);
    await page.keyboard.type('"new');
    await approve.click();
    expect(await field.evaluate((element) => element.matches(':invalid:focus'))).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.type('"');
    await approve.click();
    await said(page, 'Paid.').waitFor();
    expect(paid).toEqual([{ amount: 1, note: 'new' }]);
  });

  test('that is nested some hundred deep can be opened as far as anybody reads', async () => {
    const { page } = await openPaid({ amount: 1 }, false);
    await said(page, 'Paid.').waitFor();
    const folds = conversation(page).locator('details');
    await folds.first().waitFor();
    const open = () => folds.evaluateAll((all) => all.map((fold) => fold.setAttribute('open', '')).length);
    await expect
      .poll(async () => {
        await open();
        return said(page, /^inner: …/).count();
      })
      .toBe(1);
    expect(await open()).toBeLessThan(80);
  });
});
