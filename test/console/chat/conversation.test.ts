import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { createTestServer, type TestServer, type TestServerOptions } from '../../../src/testing/createTestServer.ts';
import type { ScriptedTurn } from '../../../src/testing/script.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { SpawnedCommand } from '../../support/spawnedCommand.ts';
import { closedGate } from '../../testing/gate.ts';
import { hasChromium, openConsole, openTab } from '../openConsole.ts';
import { createPanel, lookupOrder, REFUND, refund, takePhoto } from './chatAgents.ts';
import { composer, conversation, said, sendMessage, textOf } from './chatPage.ts';

async function serverThatSays(steps: readonly ScriptedTurn[], options: Partial<TestServerOptions> = {}): Promise<TestServer> {
  const { agents, panel } = createPanel();
  const server = await createTestServer({
    agents: {
      support: defineAgent({ description: 'helps', model: scriptedModel(steps), tools: [lookupOrder, refund, takePhoto, panel] }),
      ...agents,
    },
    ...options,
  });
  afterTest(() => server[Symbol.asyncDispose]());
  return server;
}

const VERBATIM = fileURLToPath(new URL('../../../dist/cli/verbatim.js', import.meta.url));
const WORDS = Array.from({ length: 120 }, (_, i) => `word${i} `);
const ALL_WORDS = WORDS.join('').trim();

describe.skipIf(!hasChromium)('a conversation', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('a reload in the middle of an answer loses nothing and doubles nothing', async () => {
    const server = await serverThatSays([{ chunks: WORDS, delayMs: 15 }]);
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'Say them all');
    await said(page, /word20 /).waitFor();
    await page.reload();
    await said(page, /word119/).waitFor();
    const text = await textOf(page);
    expect(text.match(/word\d+/g)).toEqual(ALL_WORDS.split(' '));
    expect(text.match(/Say them all/g)).toHaveLength(1);
  });

  test('a server that is killed in the middle of an answer and started again: the answer is whole, once', {
    timeout: 120_000,
  }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'verbatim-chat-'));
    afterTest(() => rmSync(directory, { recursive: true, force: true }));
    const start = async (port: string, tokensPerSecond: number) => {
      const args = [VERBATIM, 'serve', '--host', '127.0.0.1', '--port', port, '--db', 'chat.db'];
      const env = { VERBATIM_OFFLINE_TPS: String(tokensPerSecond), OPENAI_API_KEY: undefined };
      const server = new SpawnedCommand(process.execPath, args, { cwd: directory, env, timeoutMs: 120_000 });
      afterTest(() => server[Symbol.asyncDispose]());
      const url = await vi.waitFor(() => /http:\S+:\d+/.exec(server.stdout)?.[0] ?? Promise.reject(new Error(server.stderr)), {
        timeout: 40_000,
      });
      return { server, url };
    };
    const { server, url } = await start('0', 30);
    const { page } = await openConsole(url);
    await sendMessage(page, 'Please count to 120');
    await said(page, /\b20\b/).waitFor();
    server.kill('SIGKILL');
    await server.exited;
    await page.getByText(/^Offline\.|^Connecting/).waitFor();
    await start(new URL(url).port, 200);
    await page.getByRole('button', { name: 'Retry' }).waitFor({ timeout: 30_000 });
    const numbers = Array.from({ length: 120 }, (_, i) => String(i + 1)).join(' ');
    expect(await conversation(page).locator('.md').allInnerTexts()).toEqual([numbers]);
  });

  test('two tabs agree, and what is stopped in one is stopped in the other', async () => {
    const gate = closedGate();
    const server = await serverThatSays([{ text: 'It begins', until: gate.opened }]);
    const { page, faults } = await openConsole(server.url);
    await sendMessage(page, 'Go on for ever');
    await said(page, 'It begins').waitFor();
    const other = await openTab(page.context(), server.url, faults);
    await other.goto(page.url());
    await said(other, 'It begins').waitFor();
    await other.getByRole('button', { name: 'Stop' }).click();
    for (const tab of [page, other]) {
      await said(tab, 'Stopped').waitFor();
      await tab.getByRole('button', { name: 'Send' }).waitFor();
    }
    expect(await textOf(page)).toBe(await textOf(other));
    gate.open();
  });

  test('an approval is edited and decided in another tab, and both say so', async () => {
    const inputs: unknown[] = [];
    const server = await serverThatSays([], {
      agents: {
        support: defineAgent({
          description: 'helps',
          model: scriptedModel([{ toolCalls: [{ name: 'refund', input: REFUND }] }, { text: 'It is done' }]),
          tools: [
            {
              ...refund,
              execute: (input: { readonly amount: number }) => {
                inputs.push(input);
                return { refunded: input.amount };
              },
            },
          ],
        }),
      },
    });
    const { page, faults } = await openConsole(server.url);
    await sendMessage(page, 'Money back');
    await said(page, 'Give 39.90 back for order 42?').waitFor();
    const other = await openTab(page.context(), server.url, faults);
    await other.goto(page.url());
    const form = conversation(other).getByRole('form');
    await form.getByLabel('amount').fill('12.5');
    await form.getByLabel('reason').first().selectOption('broken');
    await form.getByLabel('notify').uncheck();
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await form.getByLabel('items 2', { exact: true }).fill('Descaler');
    await form.getByLabel('city').fill('Bremen');
    await form.getByRole('button', { name: 'Add: zip' }).click();
    await form.getByLabel('zip', { exact: true }).fill('28195');
    await form.getByLabel('Reason (optional)').fill('as agreed');
    await form.getByRole('button', { name: 'Approve as edited' }).click();
    for (const tab of [page, other]) {
      await said(tab, 'It is done').waitFor();
      await expect.poll(() => tab.getByRole('button', { name: /Approve/ }).count()).toBe(0);
      await conversation(tab).getByText('refund', { exact: true }).click();
      await said(tab, /Approved by local: as agreed/).waitFor();
    }
    expect(inputs).toEqual([
      {
        orderId: '42',
        amount: 12.5,
        reason: 'broken',
        notify: false,
        items: ['Kettle', 'Descaler'],
        address: { city: 'Bremen', zip: '28195' },
      },
    ]);
  });

  test('a call is rejected with a reason, which the model is told', async () => {
    const model = scriptedModel([{ toolCalls: [{ name: 'refund', input: REFUND }] }, { text: 'Then not' }]);
    const server = await serverThatSays([], { agents: { support: defineAgent({ description: 'helps', model, tools: [refund] }) } });
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'Money back');
    await page.getByLabel('Reason (optional)').fill('too late');
    await page.getByLabel('Decide so again').selectOption('in this thread');
    await page.getByRole('button', { name: 'Reject' }).click();
    await said(page, 'Then not').waitFor();
    expect(JSON.stringify(model.requests[1])).toContain('too late');
  });

  test('a call of a client-side tool is answered by whoever reads', async () => {
    const model = scriptedModel([{ toolCalls: [{ name: 'take_photo', input: { what: 'the parcel' } }] }, { text: 'I see a dent' }]);
    const server = await serverThatSays([], { agents: { support: defineAgent({ description: 'helps', model, tools: [takePhoto] }) } });
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'Look at it');
    const form = page.getByRole('form', { name: 'take_photo waits for you' });
    await form.waitFor();
    await form.getByLabel('seen').fill('a dent');
    await form.getByLabel('damaged').check();
    await form.getByRole('button', { name: 'Submit the result' }).click();
    await said(page, 'I see a dent').waitFor();
    expect(JSON.stringify(model.requests[1])).toContain('a dent');
  });

  test('shows input, output, failure and time of tools, and agents that were asked side by side; all of it after a reload, too', async () => {
    const server = await serverThatSays([
      {
        reasoning: 'First I look.',
        text: 'I look',
        toolCalls: [
          { name: 'lookup_order', input: { orderId: '42' } },
          { name: 'lookup_order', input: { orderId: '13' } },
          { name: 'panel', input: { task: 'When does it boil?' } },
        ],
      },
      { text: 'That was all' },
    ]);
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'Ask them');
    await said(page, 'That was all').waitFor();
    expect(await textOf(page)).toMatch(/lookup_order 42 done · [\d.]+ m?s/);
    for (const _ of ['live', 'after a reload']) {
      await said(page, 'There is no order 13').waitFor();
      await said(page, 'At sea level, that is.').waitFor();
      const panels = conversation(page).locator('.child-run');
      await expect.poll(() => panels.count()).toBe(2);
      const [left, right] = [await panels.nth(0).boundingBox(), await panels.nth(1).boundingBox()];
      expect(left?.y).toBe(right?.y);
      expect(left?.x).not.toBe(right?.x);
      await said(page, 'lookup_order').first().click();
      await said(page, 'Descaler').waitFor();
      await said(page, /\d+ in, \d+ out/).waitFor();
      await page.reload();
      await said(page, 'That was all').waitFor();
    }
  });

  test('while an answer is written, messages queue or steer, and one that waits can be taken back', async () => {
    const gate = closedGate();
    const server = await serverThatSays([
      { text: 'First', until: gate.opened, toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] },
      { text: 'Second' },
      { text: 'Third' },
    ]);
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'one');
    await said(page, 'First').waitFor();
    await sendMessage(page, 'queued one');
    await sendMessage(page, 'taken back');
    await expect.poll(() => said(page, 'Waiting for its turn').count()).toBe(2);
    await page.getByRole('button', { name: 'Take back' }).nth(1).click();
    await expect.poll(() => said(page, 'Waiting for its turn').count()).toBe(1);
    await page.getByText('Steer', { exact: true }).click();
    await sendMessage(page, 'steered one');
    await expect.poll(() => said(page, 'Waiting for its turn').count()).toBe(2);
    gate.open();
    await said(page, 'Third').waitFor();
    expect(await textOf(page)).toMatch(/one .*First .*steered one .*Second .*queued one .*Third/);
  });

  test('a run that failed says why, after a reload too, and is answered again', async () => {
    const server = await serverThatSays([], {
      agents: {
        support: defineAgent({
          description: 'helps',
          model: scriptedModel([
            () => {
              throw new Error('secret inside');
            },
            { text: 'Now it works' },
          ]),
        }),
      },
    });
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'Try');
    await said(page, 'The answer failed.').waitFor();
    await page.reload();
    await said(page, 'The answer failed.').waitFor();
    expect(await textOf(page)).not.toContain('secret inside');
    await page.getByRole('button', { name: 'Retry' }).click();
    await said(page, 'Now it works').waitFor();
    await expect.poll(() => textOf(page)).not.toContain('The answer failed.');
  });

  test('an own message is edited in a fork, an answer is forked from, and going back shows the thread as it was', async () => {
    const server = await serverThatSays([{ text: 'Answer one' }, { text: 'Answer two' }, { text: 'Answer of the edit' }]);
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'Question one');
    await said(page, 'Answer one').waitFor();
    await sendMessage(page, 'Question two');
    await said(page, 'Answer two').waitFor();
    const original = page.url();
    await said(page, 'Question two').hover();
    await page.getByRole('button', { name: 'Edit' }).last().click();
    await page.getByLabel('Edit the message').fill('Question two, better');
    await page.getByRole('button', { name: 'Send in a new thread' }).click();
    await said(page, 'Answer of the edit').waitFor();
    expect(page.url()).not.toBe(original);
    expect(await textOf(page)).not.toContain('Answer two');
    await page.goBack();
    await said(page, 'Answer two').waitFor();
    await page.getByRole('button', { name: 'Fork from here' }).first().click();
    await expect.poll(() => page.url()).not.toBe(original);
    await said(page, 'Answer one').waitFor();
    expect(await textOf(page)).not.toContain('Question two');
    await page.getByRole('link', { name: 'New thread' }).click();
    await page.getByText('What can be done for you?').waitFor();
  });

  test('files are attached by button, paste and drop, are seen to be sent, and can be downloaded', async () => {
    const server = await serverThatSays([{ text: 'I have it' }]);
    const { page } = await openConsole(server.url);
    await composer(page).waitFor();
    await page.locator('input[type=file]').setInputFiles([{ name: 'list.txt', mimeType: 'text/plain', buffer: Buffer.from('a list') }]);
    await page.getByRole('button', { name: 'Remove list.txt' }).waitFor();
    for (const [kind, name] of [
      ['paste', 'pasted.txt'],
      ['drop', 'dropped.txt'],
    ] as const) {
      await composer(page).evaluate(
        (field, [kind, name]) => {
          const data = new DataTransfer();
          data.items.add(new File(['content'], name, { type: 'text/plain' }));
          const init = { bubbles: true, cancelable: true };
          field.dispatchEvent(
            kind === 'paste'
              ? new ClipboardEvent('paste', { ...init, clipboardData: data })
              : new DragEvent('drop', { ...init, dataTransfer: data }),
          );
        },
        [kind, name] as const,
      );
      await page.getByRole('button', { name: `Remove ${name}` }).waitFor();
    }
    await page.getByRole('button', { name: 'Remove dropped.txt' }).click();
    await expect.poll(() => page.getByRole('progressbar').count()).toBe(0);
    await sendMessage(page, 'Look at these');
    await said(page, 'I have it').waitFor();
    await page.getByRole('button', { name: 'Download pasted.txt' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download list.txt' }).click();
    expect((await download).suggestedFilename()).toBe('list.txt');
  });

  test('a draft is kept per thread over a reload, Shift+Enter makes a line, and a title is the title of the document', async () => {
    const server = await serverThatSays([{ text: 'Hello' }]);
    const { page } = await openConsole(server.url);
    await composer(page).fill('for the new one');
    await page.reload();
    expect(await composer(page).inputValue()).toBe('for the new one');
    await sendMessage(page, 'Hi');
    await said(page, 'Hello').waitFor();
    await composer(page).press('a');
    await composer(page).press('Shift+Enter');
    await composer(page).press('b');
    const threadId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await server.client().threads.update({ threadId, title: 'The kettle' });
    await page.reload();
    expect(await composer(page).inputValue()).toBe('a\nb');
    await expect.poll(() => page.title()).toBe('The kettle · Verbatim');
    await page.getByRole('link', { name: 'New thread' }).click();
    await expect.poll(() => composer(page).inputValue()).toBe('');
  });

  test('an agent that takes a context is told what is filled in', async () => {
    const model = scriptedModel([{ text: 'Moin' }]);
    const server = await serverThatSays([], {
      agents: {
        support: defineAgent({
          description: 'helps',
          model,
          contextInput: z.object({ city: z.string() }),
          instructions: ({ context }) => `You are in ${context.city}.`,
        }),
      },
    });
    const { page } = await openConsole(server.url);
    await page.getByLabel('city').fill('Hamburg');
    await sendMessage(page, 'Hello');
    await said(page, 'Moin').waitFor();
    expect(model.requests[0]?.instructions).toContain('Hamburg');
  });

  test('without a connection it says so, takes messages all the same, and sends them when it is back', async () => {
    const server = await serverThatSays([{ text: 'First answer' }, { text: 'Second answer' }]);
    const { page } = await openConsole(server.url);
    await sendMessage(page, 'one');
    await said(page, 'First answer').waitFor();
    await page.context().setOffline(true);
    await server.restart();
    await page.getByText('Offline.').waitFor();
    await sendMessage(page, 'two');
    await said(page, 'Sending …').waitFor();
    await page.context().setOffline(false);
    await said(page, 'Second answer').waitFor();
    expect((await textOf(page)).match(/two/g)).toHaveLength(1);
  });

  test('the first message makes the thread without the page being made anew', async () => {
    const server = await serverThatSays([{ text: 'Hello' }]);
    const { page } = await openConsole(server.url);
    await composer(page).waitFor();
    await composer(page).evaluate((field) => field.setAttribute('data-mark', 'same'));
    const own = page.getByRole('article', { name: 'You' });
    await sendMessage(page, 'Hi');
    await own.evaluate((line) => line.setAttribute('data-mark', 'same'));
    await said(page, 'Hello').waitFor();
    await expect.poll(() => page.url()).toMatch(/threads\/thread_/);
    expect(await page.locator('[data-mark=same]').count()).toBe(2);
    expect(await composer(page).evaluate((field) => field === document.activeElement)).toBe(true);
  });
});
