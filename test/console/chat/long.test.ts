import { beforeAll, describe, expect, test } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { createTestServer, type TestServer } from '../../../src/testing/createTestServer.ts';
import type { ScriptedTurn } from '../../../src/testing/script.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { closedGate } from '../../testing/gate.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { conversation, said, sendMessage } from './chatPage.ts';

async function threadOf(count: number, steps: readonly ScriptedTurn[] = []): Promise<{ server: TestServer; path: string }> {
  const server = await createTestServer({
    agents: { support: defineAgent({ description: 'helps', model: scriptedModel(steps) }) },
    limits: { maxImportedMessages: count, maxFrameBytes: 8_000_000 },
  });
  afterTest(() => server[Symbol.asyncDispose]());
  const messages = Array.from({ length: count }, (_, i) => ({
    role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
    // Of different heights, as they are.
    text: `Message ${i}.\n\n${'Some words of it. '.repeat(1 + ((i * 7) % 23))}`,
  }));
  // Not by the client: it sends no more at once than a server takes by default.
  const answer = await fetch(`${server.url}/trpc/threads.create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ json: { title: 'A long one', messages } }),
  });
  const { result } = (await answer.json()) as { readonly result: { readonly data: { readonly json: { readonly id: string } } } };
  return { server, path: `/threads/${result.data.json.id}` };
}

/** The message at the upper edge, and where it is: what a reader looks at. */
function looksAt() {
  const list = document.querySelector('.chat-list');
  const top = list?.getBoundingClientRect().top ?? 0;
  for (const row of document.querySelectorAll('.chat-row')) {
    const { bottom, top: from } = row.getBoundingClientRect();
    if (bottom > top + 40) return { text: row.textContent?.slice(0, 16), from: Math.round(from) };
  }
  return undefined;
}

describe.skipIf(!hasChromium)('a long conversation', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('of 10,000 messages opens at its end, holds few of them in the document, and scrolls to its beginning page by page', {
    timeout: 120_000,
  }, async () => {
    const { server, path } = await threadOf(10_000);
    const { page } = await openConsole(server.url, path);
    await said(page, 'Message 9999.').waitFor();
    const list = conversation(page);
    expect(await page.locator('.chat-row').count()).toBeLessThan(60);
    // Each page that comes above leaves what is looked at where it is.
    await list.hover();
    for (let pages = 0; pages < 3; pages += 1) {
      const height = await list.evaluate((element) => element.scrollHeight);
      await list.evaluate((element) => element.scrollTo(0, 900));
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const before = await page.evaluate(looksAt);
      await expect.poll(() => list.evaluate((element) => element.scrollHeight), { timeout: 10_000 }).toBeGreaterThan(height + 2_000);
      const after = await page.evaluate(looksAt);
      expect(after?.text).toBe(before?.text);
      expect(Math.abs((after?.from ?? 0) - (before?.from ?? 0))).toBeLessThanOrEqual(2);
    }
    // To the very beginning.
    await expect
      .poll(
        async () => {
          await list.evaluate((element) => element.scrollTo(0, 0));
          return said(page, 'Message 0.').count();
        },
        { timeout: 90_000, interval: 20 },
      )
      .toBe(1);
    expect(await page.locator('.chat-row').count()).toBeLessThan(60);
    await page.getByRole('button', { name: 'To the end' }).click();
    await said(page, 'Message 9999.').waitFor();
  });

  test('stays at the end while its reader is there, and stays where the reader went', async () => {
    const words = Array.from({ length: 400 }, (_, i) => `word${i} ${i % 10 === 9 ? '\n\n' : ''}`);
    const gate = closedGate();
    const { server, path } = await threadOf(60, [
      { chunks: words, delayMs: 8 },
      { text: 'New here', waitFor: gate.opened },
    ]);
    const { page } = await openConsole(server.url, path);
    await said(page, 'Message 59.').waitFor();
    await sendMessage(page, 'Go');
    await said(page, /word50 /).waitFor();
    const list = conversation(page);
    const distance = () => list.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    await expect.poll(distance).toBeLessThan(30);
    // Up while the text grows below.
    await list.hover();
    await page.mouse.wheel(0, -700);
    await page.getByRole('button', { name: /To the end|More|new/ }).waitFor();
    const before = await page.evaluate(looksAt);
    await said(page, /word390/)
      .waitFor({ state: 'attached', timeout: 15_000 })
      .catch(() => {});
    await page.getByRole('button', { name: 'Send' }).waitFor({ timeout: 15_000 });
    expect(await page.evaluate(looksAt)).toEqual(before);
    await page.getByRole('button', { name: /To the end|new message/ }).click();
    await said(page, /word399/).waitFor();
    await expect.poll(distance).toBeLessThan(30);
    // An own message leads to the end, from wherever.
    await list.evaluate((element) => element.scrollTo(0, 1_000));
    await sendMessage(page, 'And now');
    await said(page, 'And now').waitFor();
    gate.open();
    await said(page, 'New here').waitFor();
    await expect.poll(distance).toBeLessThan(30);
  });

  test('takes 1,000 tokens a second at 60 frames a second, without what is there being moved', { timeout: 60_000 }, async () => {
    const tokens = Array.from({ length: 3_000 }, (_, i) => `token${i} ${i % 40 === 39 ? '\n\n' : ''}`);
    const { server, path } = await threadOf(500, [{ chunks: tokens, delayMs: 1 }]);
    const { page } = await openConsole(server.url, path, { reducedMotion: 'reduce' });
    await said(page, 'Message 499.').waitFor();
    await page.evaluate(() => {
      const seen = { frames: [] as number[], shifts: 0 };
      new PerformanceObserver((list) => {
        // The edge: entries of this type have it.
        for (const entry of list.getEntries()) seen.shifts += (entry as PerformanceEntry & { readonly value: number }).value;
      }).observe({ type: 'layout-shift' });
      Object.assign(globalThis, { seen });
      const tick = (now: number): void => {
        seen.frames.push(now);
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
    await sendMessage(page, 'As fast as you can');
    await said(page, /token100 /).waitFor();
    const from = await page.evaluate(() => performance.now());
    await said(page, /token2999/).waitFor({ timeout: 40_000 });
    expect(await page.evaluate(() => (globalThis as unknown as { readonly seen: { readonly shifts: number } }).seen.shifts)).toBeLessThan(
      0.1,
    );
    const gaps = await page.evaluate((from) => {
      const { frames } = (globalThis as unknown as { readonly seen: { readonly frames: readonly number[] } }).seen;
      const late = frames.filter((at) => at >= from);
      return late.slice(1).map((at, i) => at - (late[i] ?? 0));
    }, from);
    const sorted = gaps.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
    console.info(`frames while streaming: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, of ${gaps.length}`);
    // Other tests run beside this one: what is held to is that a frame is not lost as a rule.
    expect(median).toBeLessThan(18);
    const text = await conversation(page).getByRole('article').last().innerText();
    expect(text.match(/token\d+/g)?.at(-1)).toBe('token2999');
  });
});
