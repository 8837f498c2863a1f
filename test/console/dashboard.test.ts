import { statSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { createTestServer, type TestServerOptions } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { databaseFile } from '../server/auth/startAccounts.ts';
import { newThread, pour, stalledWatch } from '../server/pouredThread.ts';
import { startServer } from '../server/startServer.ts';
import { afterTest } from '../support/afterTest.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { openSse } from '../support/rawSse.ts';
import { expectFit, logInAs, openAccounts } from './openAccounts.ts';
import { hasChromium, openConsole } from './openConsole.ts';

// A point comes every five seconds.
vi.setConfig({ testTimeout: 90_000 });
const POINT = { timeout: 15_000 };
const FIRST_TOKEN_MS = 300;

const ATTACK = '<img src=x onerror="window.attacked = true">';

/** Three words, after a while; then nothing more to say. */
const talker = () =>
  defineAgent({
    description: 'talks',
    model: scriptedModel([{ text: 'one two three', chunks: 3, delayMs: FIRST_TOKEN_MS }, { error: ATTACK }]),
  });

const ask = defineTool({
  name: 'ask',
  description: 'asks somebody',
  input: z.object({}),
  output: z.object({}),
  needsApproval: true,
  execute: () => ({}),
});

async function openTestServer(options: Partial<TestServerOptions> = {}) {
  expectBuilt();
  const server = await createTestServer({ agents: { talker: talker() }, ...options });
  afterTest(() => server[Symbol.asyncDispose]());
  return server;
}

/** Of the present: what a tile shows, and what it shows beside a name. */
function tile(page: Page, title: string) {
  const item = page
    .getByRole('list', { name: 'Now' })
    .getByRole('listitem')
    .filter({ has: page.getByText(title, { exact: true }) });
  return {
    value: () => item.locator('.tile-value').innerText(),
    row: (name: string) => item.locator('dl div').filter({ hasText: name }).getByRole('definition').innerText(),
  };
}

const chart = (page: Page, title: string) => page.getByRole('figure', { name: title });

/** What the legend of a chart says of a line. */
const legend = (page: Page, title: string, line: string) =>
  chart(page, title).getByRole('listitem').filter({ hasText: line }).locator('b').innerText();

/** Of the table of a chart, newest first, without the times. */
async function numbers(page: Page, title: string): Promise<string[][]> {
  const rows = await chart(page, title).locator('tbody tr').all();
  return Promise.all(rows.map((row) => row.getByRole('cell').allInnerTexts()));
}

const showTable = (page: Page, title: string) => page.getByRole('button', { name: `${title} as a table` }).click();

describe.skipIf(!hasChromium)('the dashboard', () => {
  test('connections, runs by status, queue age and slow readers, as they are and as they were', async () => {
    expectBuilt();
    const asking = defineAgent({
      description: 'asks',
      model: scriptedModel([{ toolCalls: [{ name: 'ask', input: {} }] }]),
      tools: [ask],
    });
    const started = await startServer({ agents: { asking } });
    const { page } = await openConsole(started.url, '/dashboard');
    const connections = tile(page, 'Connections');
    await expect.poll(() => connections.value(), POINT).toBe('1');
    expect(await connections.row('sockets')).toBe('1');

    const { socket, threadId } = await newThread(started);
    const held: { threadId: string } = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
    for (let streams = 0; streams < 3; streams++) await openSse({ port: started.port }, 'threads.watch', { threadId: held.threadId });
    await expect.poll(() => connections.value(), POINT).toBe('5');
    expect([await connections.row('sockets'), await connections.row('streams')]).toEqual(['2', '3']);
    expect(await connections.row('subscriptions')).toBe('3');

    await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold', threadId: held.threadId });
    await socket.call('mutation', 'messages.send', { agent: 'asking', text: 'may I?' });
    const runs = tile(page, 'Runs at work');
    await expect
      .poll(async () => [await runs.value(), await runs.row('queued'), await runs.row('waiting')], POINT)
      .toEqual(['1', '1', '1']);
    await expect.poll(() => tile(page, 'Queue age').value(), POINT).toMatch(/^[1-9]\.\d s$/);

    await stalledWatch(started.port, threadId);
    await pour({ socket, threadId });
    const slow = tile(page, 'Slow readers');
    await expect.poll(() => slow.value(), POINT).toBe('1');
    expect(await slow.row('buffered')).toMatch(/^[1-9]\d+ KB$/);

    const lines = async () => ({
      slow: await legend(page, 'Slow readers', 'readers'),
      sockets: await legend(page, 'Connections', 'sockets'),
      streams: await legend(page, 'Connections', 'streams'),
      subscriptions: await legend(page, 'Connections', 'subscriptions'),
      running: await legend(page, 'Runs by status', 'running'),
      queued: await legend(page, 'Runs by status', 'queued'),
      waiting: await legend(page, 'Runs by status', 'waiting'),
    });
    // A point may be of when the run that pours was still there.
    const expected = { slow: '1', sockets: '3', streams: '3', subscriptions: '4', running: '1', queued: '1', waiting: '1' };
    await expect.poll(lines, POINT).toEqual(expected);
    expect(await legend(page, 'Queue age', 'longest wait')).toMatch(/ s$/);
    started.release();
    await expect.poll(async () => [await runs.value(), await runs.row('queued')], POINT).toEqual(['0', '0']);
    expect(await tile(page, 'Queue age').value()).toBe('0 ms');
    await expect.poll(() => legend(page, 'Runs ended, per minute', 'completed'), POINT).not.toBe('0');
  });

  test('tokens, time to first token, delivery lag, errors by code, and what it takes: database, WAL and memory', async () => {
    const database = databaseFile();
    const server = await openTestServer({ database });
    const { page } = await openConsole(server.url, '/dashboard');
    const firstToken = tile(page, 'Time to first token');
    expect(await firstToken.value()).toBe('–');
    await page.getByText('Live', { exact: true }).waitFor();
    const client = server.client();
    const run = await client.send({ agent: 'talker', text: 'go on' });
    const seen: string[] = [];
    for await (const event of run) seen.push(event.type);
    // What was said in one second is still told in the next.
    await expect.poll(() => firstToken.value(), POINT).toMatch(/^[34]\d\d ms$/);
    expect(await firstToken.row('p99')).toMatch(/^[34]\d\d ms$/);
    const delivery = tile(page, 'Delivery lag');
    expect(await delivery.value()).toMatch(/^[\d.]+ ms$/);
    expect(await delivery.row('p99')).toMatch(/^[\d.]+ ms$/);
    await expect.poll(() => tile(page, 'Runs ended, 1 h').row('completed'), POINT).toBe('1');
    await (await client.send({ agent: 'talker', text: 'fail', threadId: run.threadId })).result();
    await expect(client.threads.get({ threadId: 'thread_nowhere' })).rejects.toThrow();
    await expect(client.threads.get({ threadId: 'thread_nowhere' })).rejects.toThrow();
    const errors = tile(page, 'Errors, 1 h');
    await expect.poll(() => errors.value(), POINT).toBe('3');
    expect([await errors.row('NOT_FOUND'), await errors.row('MODEL_FAILED')]).toEqual(['2', '1']);
    await expect.poll(() => tile(page, 'Runs ended, 1 h').row('failed'), POINT).toBe('1');

    const kilobytes = (file: string): number => Math.round(statSync(file).size / 1_000);
    const file = tile(page, 'Database');
    await expect.poll(() => file.value(), POINT).toBe(`${kilobytes(database)} KB`);
    const afterWriting = async (): Promise<string> => {
      await client.threads.create({});
      return file.row('WAL');
    };
    await expect.poll(afterWriting, POINT).toMatch(/^[1-9][\d.]* [KM]B$/);
    expect(await tile(page, 'Memory').value()).toMatch(/^[1-9]\d+ MB$/);
    expect(await tile(page, 'Memory').row('heap')).toMatch(/^[1-9]\d+ MB$/);
    expect(await tile(page, 'Processor').value()).toMatch(/^[\d.]+ %$/);

    const titles = ['Tokens a second', 'Time to first token', 'Delivery lag', 'Database', 'Memory', 'Processor, of one core'];
    for (const title of [...titles, 'Errors, per minute']) await showTable(page, title);
    const column = async (title: string, place: number): Promise<string[]> => (await numbers(page, title)).map((row) => row[place] ?? '');
    // A run of three words in five seconds, and nothing after it: then nothing is known of how long it takes.
    expect((await column('Tokens a second', 0)).filter((tokens) => Number(tokens) > 0).length).toBeGreaterThan(0);
    for (const place of [0, 1]) {
      const times = await column('Time to first token', place);
      expect(times.filter((time) => /^[34]\d\d ms$/.test(time))).toHaveLength(1);
      expect(times.filter((time) => time === '–')).toHaveLength(times.length - 1);
      expect((await column('Delivery lag', place)).some((time) => time.endsWith(' ms'))).toBe(true);
    }
    expect((await column('Database', 0))[0]).toMatch(/ KB$/);
    // It is emptied when nothing is written for a while.
    const keptLogs = async (): Promise<string[]> => {
      await client.threads.create({});
      return (await column('Database', 2)).filter((size) => size !== '0 B' && size !== '–');
    };
    await expect.poll(async () => (await keptLogs()).length, POINT).toBeGreaterThan(0);
    expect((await column('Memory', 0))[0]).toMatch(/ MB$/);
    expect((await column('Processor, of one core', 0))[0]).toMatch(/ %$/);
    const codes = await chart(page, 'Errors, per minute').getByRole('columnheader').allInnerTexts();
    expect(codes).toEqual(['Time', 'NOT_FOUND', 'MODEL_FAILED']);
    const sum = (counts: string[]): number => counts.reduce((all, count) => all + Number(count), 0);
    expect(sum(await column('Errors, per minute', 0))).toBe(2);
    expect(sum(await column('Errors, per minute', 1))).toBe(1);
  });

  test('what people and models say is nowhere run or shown: an attack in an error, an error code and a name', async () => {
    const attacking = defineAgent({
      description: ATTACK,
      // biome-ignore lint/correctness/useYield: it fails before it says anything.
      run: async function* () {
        // The edge: what is not in the list of codes.
        throw new VerbatimError(ATTACK as 'INTERNAL', ATTACK);
      },
    });
    const server = await openTestServer({ agents: { attacking } });
    const { page } = await openConsole(server.url, '/dashboard');
    await (await server.client().send({ agent: 'attacking', text: ATTACK })).result();
    await expect.poll(() => tile(page, 'Runs ended, 1 h').row('failed'), POINT).toBe('1');
    await showTable(page, 'Errors, per minute');
    expect(await page.getByRole('main').innerText()).not.toContain('onerror');
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.evaluate(() => 'attacked' in window)).toBe(false);
  });

  test('the last day, by the keyboard, is in the address; each chart says what there is not yet', async () => {
    const server = await openTestServer();
    const { page } = await openConsole(server.url, '/dashboard');
    await chart(page, 'Memory').getByText('The first point comes within seconds.').waitFor();
    await page.getByRole('radio', { name: 'Last hour' }).focus();
    await page.keyboard.press('ArrowRight');
    await chart(page, 'Memory').getByText('There is a point every two minutes.').waitFor();
    await chart(page, 'Runs ended, per 20 min').waitFor();
    expect(new URL(page.url()).search).toBe('?range=day');
    await page.reload();
    await chart(page, 'Memory').getByText('There is a point every two minutes.').waitFor();
    expect(await page.getByRole('radio', { name: 'Last day' }).isChecked()).toBe(true);
    await page.getByRole('radio', { name: 'Last day' }).focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => legend(page, 'Memory', 'process'), POINT).toMatch(/ MB$/);
    // Nobody has said anything: no line at nought, but that.
    await chart(page, 'Time to first token').getByText('Nothing in this time.').waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  test('a server that is away: since when nothing was heard; and started again: a gap, and what was before it', async () => {
    const server = await openTestServer();
    const { page } = await openConsole(server.url, '/dashboard');
    await showTable(page, 'Memory');
    await expect.poll(async () => (await numbers(page, 'Memory')).length, POINT).toBeGreaterThan(0);
    const before = await numbers(page, 'Memory');
    await page.context().setOffline(true);
    await server.restart();
    await page.getByText(/^No news since \d+:\d\d:\d\d/).waitFor(POINT);
    // What was known last stays.
    expect(await tile(page, 'Memory').value()).toMatch(/ MB$/);
    await expectFit(page);
    await page.context().setOffline(false);
    await page.getByText('Live', { exact: true }).waitFor(POINT);
    await page.getByText(/^The server was started at \d+:\d\d:\d\d/).waitFor(POINT);
    await expect.poll(async () => (await numbers(page, 'Memory')).length, POINT).toBeGreaterThan(before.length);
    expect((await numbers(page, 'Memory')).slice(-before.length)).toEqual(before);
  });

  test('a moment, by the pointer and by the keyboard, is that of every chart; a table instead of a picture', async () => {
    const server = await openTestServer();
    const { page } = await openConsole(server.url, '/dashboard');
    const moment = page.getByRole('slider', { name: 'Memory: moment' });
    await expect.poll(() => moment.getAttribute('max'), { timeout: 25_000 }).toBe('2');
    const marks = page.locator('.chart-plot .u-cursor-x:visible');
    expect(await marks.count()).toBe(0);
    await moment.focus();
    await page.keyboard.press('Home');
    const first = await moment.getAttribute('aria-valuetext');
    expect(first).toMatch(/^\d+:\d\d:\d\d.*: process \d+ MB, heap \d+ MB$/);
    await page.keyboard.press('ArrowRight');
    const second = await moment.getAttribute('aria-valuetext');
    expect(second).not.toBe(first);
    const [time = ''] = (second ?? '').split(': process');
    for (const title of ['Memory', 'Connections', 'Database']) await chart(page, title).getByText(time, { exact: true }).waitFor();
    expect(await marks.count()).toBe(12);
    await page.keyboard.press('Escape');
    expect(await marks.count()).toBe(0);
    expect(await page.locator('.chart-at').allInnerTexts()).toEqual(Array.from({ length: 12 }, () => ''));
    // The newest points are at the right end.
    const plot = chart(page, 'Connections').locator('.chart-plot');
    const width = await plot.evaluate((element) => element.clientWidth);
    await plot.hover({ position: { x: width - 12, y: 30 } });
    await chart(page, 'Processor, of one core')
      .getByText(/^\d+:\d\d:\d\d/)
      .waitFor();
    await chart(page, 'Connections').getByRole('heading').hover();
    await expect.poll(() => page.locator('.chart-at').allInnerTexts()).toEqual(Array.from({ length: 12 }, () => ''));
    await page.getByRole('button', { name: 'Memory as a table' }).focus();
    const height = await chart(page, 'Memory').boundingBox();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Memory as a table' }).waitFor();
    expect((await chart(page, 'Memory').boundingBox())?.height).toBe(height?.height);
    await expectFit(page);
  });

  test('on a phone a moment is touched, and stays to be read until something else is', async () => {
    const server = await openTestServer();
    const { page } = await openConsole(server.url, '/dashboard', { hasTouch: true, isMobile: true, viewport: { width: 360, height: 700 } });
    await expect.poll(() => legend(page, 'Memory', 'process'), POINT).toMatch(/ MB$/);
    const plot = chart(page, 'Memory').locator('.chart-plot');
    await plot.tap({ position: { x: 150, y: 60 } });
    await chart(page, 'Memory')
      .getByText(/^\d+:\d\d:\d\d/)
      .waitFor();
    await chart(page, 'Memory').getByRole('heading').tap();
    await expect.poll(() => chart(page, 'Memory').locator('.chart-at').innerText()).toBe('');
  });

  test('pictures have the colours of the theme and the width of the window, and nothing jumps', async () => {
    const server = await openTestServer();
    const { page } = await openConsole(server.url, '/account');
    await page.evaluate(() => {
      const moved: number[] = [];
      Object.assign(window, { moved });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) moved.push((entry as unknown as { value: number }).value);
      }).observe({ type: 'layout-shift' });
    });
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await expect.poll(() => legend(page, 'Memory', 'process'), POINT).toMatch(/ MB$/);
    expect(await page.evaluate(() => (window as unknown as { moved: number[] }).moved.reduce((sum, one) => sum + one, 0))).toBeLessThan(
      0.01,
    );
    const canvas = chart(page, 'Memory').locator('canvas');
    /** Whether a line of the grid is there in that colour. */
    const has = (colour: readonly number[]) =>
      canvas.evaluate((element: HTMLCanvasElement, wanted) => {
        const { data = [] } = element.getContext('2d')?.getImageData(0, 0, element.width, element.height) ?? {};
        for (let at = 0; at < data.length; at += 4) if (wanted.every((part, place) => data[at + place] === part)) return true;
        return false;
      }, colour);
    const LIGHT = [0xcf, 0xd4, 0xdd];
    const DARK = [0x3b, 0x41, 0x4e];
    expect([await has(LIGHT), await has(DARK)]).toEqual([true, false]);
    await page.getByLabel('Theme').selectOption('Dark');
    await expect.poll(async () => [await has(LIGHT), await has(DARK)]).toEqual([false, true]);
    await page.getByLabel('Theme').selectOption('As the system');
    await expect.poll(() => has(LIGHT)).toBe(true);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => has(DARK)).toBe(true);
    await page.setViewportSize({ width: 360, height: 700 });
    const widths = async () => [
      await canvas.evaluate((element) => element.clientWidth),
      await page.evaluate(() => document.querySelector('.chart-box')?.clientWidth),
    ];
    await expect.poll(async () => new Set(await widths()).size).toBe(1);
    expect((await widths())[0]).toBeLessThan(330);
    await page.setViewportSize({ width: 1_280, height: 700 });
    await expect.poll(async () => new Set(await widths()).size).toBe(1);
  });

  test('is for administrators', async () => {
    const { url } = await openAccounts();
    const { page } = await openConsole(url, '/dashboard');
    await logInAs(page, 'bob');
    await page.getByText('There is no such page.').waitFor();
    expect(await page.getByRole('link', { name: 'Dashboard' }).count()).toBe(0);
    const ann = await openConsole(url, '/dashboard');
    await logInAs(ann.page, 'ann');
    await expect.poll(() => tile(ann.page, 'Connections').value(), POINT).not.toBe('–');
  });
});
