import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { fallback } from '../../../src/agents/models/fallback.ts';
import { router } from '../../../src/agents/router.ts';
import { createTestServer, type TestServerOptions } from '../../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { expectFit } from '../openAccounts.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { conversation, said, sendMessage, textOf } from './chatPage.ts';

async function open(options: Pick<TestServerOptions, 'agents' | 'models'>, path = '/') {
  const server = await createTestServer(options);
  afterTest(() => server[Symbol.asyncDispose]());
  return { server, ...(await openConsole(server.url, path)) };
}

describe.skipIf(!hasChromium)('what happens between the messages', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('who was chosen and why, who took over, and who answers from there; after a reload too', async () => {
    const billing = defineAgent({ description: 'Knows bills', model: scriptedModel([]) });
    const support = defineAgent({ description: 'Helps', model: scriptedModel([]), handoffs: [billing] });
    const desk = router({
      description: 'Finds who knows',
      agents: { support, billing },
      model: scriptedModel([{ text: '{"to":"support","reason":"it begins with an order"}' }]),
      fallback: 'support',
    });
    const { page } = await open({
      agents: { desk, support, billing },
      models: {
        support: scriptedModel([
          { text: 'One moment', toolCalls: [{ name: 'transfer_to_billing', input: { reason: 'a bill is wrong' } }] },
        ]),
        billing: scriptedModel([{ text: 'It is paid back' }]),
      },
    });
    await sendMessage(page, 'My bill is wrong');
    for (const _ of ['live', 'after a reload']) {
      await said(page, 'It is paid back').waitFor();
      await said(page, 'billing took over from support').waitFor();
      expect(await textOf(page)).toMatch(
        /support was chosen: it begins with an order support One moment .*billing took over from support: a bill is wrong billing It is paid back/,
      );
      await page.getByRole('article', { name: 'billing' }).waitFor();
      await page.reload();
    }
    await said(page, 'billing took over from support').waitFor();
    await expectFit(page);
  });

  test('data of the application, by its name: the last of each where the first was', async () => {
    const tour = defineAgent({
      description: 'Shows the way',
      data: { progress: z.number(), place: z.object({ city: z.string(), at: z.object({ lat: z.number() }) }) },
      run: async function* () {
        yield { type: 'data', name: 'progress', data: 10 };
        yield { type: 'data', name: 'place', data: { city: 'Hamburg', at: { lat: 53.5 } } };
        yield { type: 'data', name: 'progress', data: 90 };
        yield { type: 'text.delta', delta: 'Go north' };
        yield { type: 'message.completed' };
        yield { type: 'data', name: 'progress', data: 100 };
      },
    });
    const { page } = await open({ agents: { tour } });
    await sendMessage(page, 'Where to?');
    for (const _ of ['live', 'after a reload']) {
      await said(page, 'Go north').waitFor();
      await conversation(page).locator('.json-tree').getByText('Hamburg').waitFor();
      await expect.poll(() => textOf(page)).toMatch(/progress 90 place city: Hamburg .* Go north progress 100/);
      expect(await textOf(page)).not.toContain('progress 10 ');
      await page.reload();
    }
    await conversation(page).locator('.json-tree').getByText('Hamburg').waitFor();
    await expectFit(page);
  });

  test('what a guard changed or blocked, by its name and with its reason; and that another model answers', async () => {
    const down = scriptedModel(Array.from({ length: 9 }, () => ({ error: { code: 'MODEL_UNAVAILABLE', message: 'Down.' } }) as const));
    const assistant = defineAgent({
      description: 'Under guard',
      model: fallback([down, scriptedModel([{ text: 'Your number is safe' }, { text: 'You fool' }])]),
      guards: {
        input: [
          {
            name: 'pii',
            check: ({ text }) =>
              text.includes('4711') ? { verdict: 'rewrite', text: text.replace('4711', '****'), reason: 'a number' } : { verdict: 'pass' },
          },
        ],
        output: [
          {
            name: 'tone',
            check: ({ text }) => (text.includes('fool') ? { verdict: 'block', reason: 'it is rude' } : { verdict: 'pass' }),
          },
        ],
      },
    });
    const { page } = await open({ agents: { assistant } });
    await sendMessage(page, 'My number is 4711');
    await said(page, 'Your number is safe').waitFor();
    await sendMessage(page, 'What am I?');
    for (const _ of ['live', 'after a reload']) {
      await said(page, 'The guard pii changed what the agent is told: a number').waitFor();
      await said(page, 'The guard tone blocked the answer: it is rude').waitFor();
      await said(page, /did not answer, .* goes on/)
        .first()
        .waitFor();
      expect(await textOf(page)).not.toContain('You fool');
      await page.reload();
    }
    await said(page, 'The guard tone blocked the answer: it is rude').waitFor();
    await expectFit(page);
  });

  test('of old runs comes with their messages, as far back as they are looked at', async () => {
    const counter = defineAgent({
      description: 'Counts',
      data: { count: z.string() },
      run: async function* ({ messages }) {
        const asked = messages.findLast((message) => message.role === 'user');
        yield { type: 'data', name: 'count', data: `${asked?.text}!` };
        yield { type: 'text.delta', delta: 'Counted' };
      },
    });
    const { server, page } = await open({ agents: { counter } });
    const client = server.client();
    let threadId: string | undefined;
    for (let at = 0; at < 130; at += 1) {
      const run = await client.send({ agent: 'counter', text: `n${at}`, ...(threadId !== undefined && { threadId }) });
      threadId = run.threadId;
      await run.result();
    }
    await page.goto(`${server.url}/threads/${threadId}`);
    await said(page, 'n129!').waitFor();
    for (const name of ['n90!', 'n50!', 'n0!']) {
      await expect
        .poll(
          async () => {
            await conversation(page).evaluate((list) => list.scrollBy(0, -300));
            return said(page, new RegExp(`^${name}$`)).count();
          },
          { timeout: 20_000, interval: 30 },
        )
        .toBe(1);
    }
  });

  test('is never read as HTML', async () => {
    const attack = '<img src=x onerror="window.hacked=1"> [click](javascript:window.hacked=1)';
    const billing = defineAgent({ description: 'b', model: scriptedModel([{ text: 'Here' }]) });
    const support = defineAgent({
      description: 's',
      handoffs: [billing],
      model: scriptedModel([{ toolCalls: [{ name: 'transfer_to_billing', input: { reason: attack } }] }]),
      guards: { input: [{ name: attack, check: () => ({ verdict: 'rewrite' as const, text: 'x', reason: attack }) }] },
    });
    const tour = defineAgent({
      description: attack,
      data: { [attack]: z.string(), tree: z.record(z.string(), z.string()) },
      run: async function* () {
        yield { type: 'data', name: attack, data: attack };
        yield { type: 'data', name: 'tree', data: { [attack]: attack } };
        yield { type: 'text.delta', delta: 'Shown' };
      },
    });
    const { page } = await open({ agents: { support, billing, tour } });
    await sendMessage(page, 'go');
    await said(page, 'Here').waitFor();
    await page.getByLabel('Agent', { exact: true }).selectOption('tour');
    await sendMessage(page, 'and now');
    await said(page, 'Shown').waitFor();
    expect(await page.getByText('<img src=x').count()).toBeGreaterThanOrEqual(4);
    await page.getByRole('button', { name: 'Ask several agents at once' }).click();
    await page.getByRole('group', { name: 'Ask several agents at once' }).getByText('<img src=x').waitFor();
    expect(await page.evaluate(() => (globalThis as { hacked?: unknown }).hacked)).toBeUndefined();
    expect(await page.locator('main :is(img, script, [onerror])').count()).toBe(0);
    expect(await page.locator('main a[href^=javascript]').count()).toBe(0);
  });
});
