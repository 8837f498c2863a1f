import { describe, expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { afterTest } from '../support/afterTest.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { accessibilityFaults, hasChromium, openConsole } from './openConsole.ts';

describe.skipIf(!hasChromium)('the console', { timeout: 60_000 }, () => {
  test('a message and its answer, and both again after a reload', async () => {
    expectBuilt();
    const server = await createTestServer({
      agents: { helper: defineAgent({ description: 'helps', model: scriptedModel([{ text: 'Hello **you**' }]) }) },
    });
    afterTest(() => server[Symbol.asyncDispose]());
    const { page } = await openConsole(server.url);
    await page.getByLabel('Message').fill('Hi there');
    await page.getByLabel('Message').press('Enter');
    for (const _ of ['at once', 'after a reload']) {
      const said = page.getByRole('article');
      await said.getByText('Hi there').waitFor();
      await said.getByText('Hello').waitFor();
      expect(new URL(page.url()).pathname).toMatch(/^\/threads\/thread_/);
      await page.reload();
    }
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
