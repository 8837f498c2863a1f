import { test } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { createTestServer } from '../../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { accessibilityFaults, openConsole } from '../openConsole.ts';
import { createPanel, lookupOrder, MARKDOWN, REFUND, refund, takePhoto } from './chatAgents.ts';

test('shots', { timeout: 100_000 }, async () => {
  let resolve = (): void => {};
  const until = {
    promise: new Promise<void>((r) => {
      resolve = r;
    }),
    resolve: () => resolve(),
  };
  const { agents, panel } = createPanel();
  const server = await createTestServer({
    agents: {
      support: defineAgent({
        description: 'helps',
        model: scriptedModel([
          {
            reasoning: 'The customer asks for order 42. I look it up first.',
            text: 'I look it up.',
            toolCalls: [
              { name: 'lookup_order', input: { orderId: '42' } },
              { name: 'lookup_order', input: { orderId: '13' } },
              { name: 'panel', input: { task: 'When does a kettle boil?' } },
            ],
          },
          { text: MARKDOWN },
          { text: 'A refund is right here.', toolCalls: [{ name: 'refund', input: REFUND }] },
          { text: 'Done. And now I look.', toolCalls: [{ name: 'take_photo', input: { what: 'the parcel' } }] },
          { text: 'Thank you, I write a longer answer now, which goes on and on', until: until.promise },
        ]),
        tools: [lookupOrder, refund, takePhoto, panel],
      }),
      ...agents,
      billing: defineAgent({ description: 'bills', model: scriptedModel([]) }),
    },
  });
  afterTest(() => server[Symbol.asyncDispose]());
  const { page } = await openConsole(server.url, '/', { viewport: { width: 1280, height: 860 } });
  await page.getByLabel('Message').waitFor();
  await page.screenshot({ path: '/tmp/chatshots/0-new.png' });
  await page.getByLabel('Message').fill('Where is my order 42?');
  await page.getByLabel('Message').press('Enter');
  await page.getByText('Returns are free').waitFor();
  await page.waitForTimeout(600);
  await page.screenshot({ path: '/tmp/chatshots/1-answer.png' });
  await page.getByLabel('Conversation').evaluate((el) => el.scrollTo(0, 0));
  await page.waitForTimeout(300);
  await page.screenshot({ path: '/tmp/chatshots/2-top.png' });
  await page.getByLabel('Message').fill('Then I want my money back');
  await page.getByLabel('Message').press('Enter');
  await page.getByRole('button', { name: 'Approve' }).waitFor();
  await page.waitForTimeout(300);
  await page.screenshot({ path: '/tmp/chatshots/3-approval.png' });
  console.log(await accessibilityFaults(page));
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Submit the result' }).waitFor();
  await page.screenshot({ path: '/tmp/chatshots/4-client.png' });
  console.log(await accessibilityFaults(page));
  await page.getByLabel('Output').fill('{"seen":"dent","damaged":true}');
  await page.getByRole('button', { name: 'Submit the result' }).click();
  await page.getByText('I write a longer answer').first().waitFor();
  await page.getByLabel('Message').fill('And this one waits for its turn');
  await page.getByLabel('Message').press('Enter');
  await page.getByText('Waiting for its turn').waitFor();
  await page.getByLabel('Message').fill('A draft');
  await page.waitForTimeout(300);
  await page.screenshot({ path: '/tmp/chatshots/5-busy.png' });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: '/tmp/chatshots/6-dark.png' });
  console.log(await accessibilityFaults(page));
  await page.getByLabel('Conversation').evaluate((el) => el.scrollTo(0, 300));
  await page.waitForTimeout(300);
  await page.screenshot({ path: '/tmp/chatshots/7-dark-up.png' });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForTimeout(300);
  await page.screenshot({ path: '/tmp/chatshots/8-phone-dark.png' });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByLabel('Conversation').evaluate((el) => el.scrollTo(0, 0));
  await page.waitForTimeout(300);
  await page.screenshot({ path: '/tmp/chatshots/9-phone.png' });
  console.log(
    'over',
    await page.evaluate(() =>
      [...document.querySelectorAll('.chat *')]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.md-table,pre'))
        .map((e) => e.className),
    ),
  );
  until.resolve();
});
