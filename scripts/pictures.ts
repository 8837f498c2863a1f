// Makes the pictures of the README anew, in docs/pictures: `npm run pictures`. Needs Debian's chromium and ffmpeg, and takes as many minutes as
// the dashboard is to show (VERBATIM_PICTURE_MINUTES, 8 by default): everything in them happens.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createClient } from '../src/client/index.node.ts';
import { createServer } from '../src/index.ts';
import { QUESTION, tripAgents } from './pictures/tripAgents.ts';

const FOLDER = fileURLToPath(new URL('../docs/pictures', import.meta.url));
const FRAMES_A_SECOND = 8;

const chromiumPath = process.env.VERBATIM_TEST_CHROMIUM || '/usr/bin/chromium';
const minutes = Number(process.env.VERBATIM_PICTURE_MINUTES ?? 8);
const limits = { messagesPerMinute: 1e6, messagesPerHour: 1e6, tokensPerDay: 1e9 };

async function openPage(browser: Browser, url: string, { height }: { readonly height: number }): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1120, height }, colorScheme: 'light', deviceScaleFactor: 1 });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

async function ask(page: Page): Promise<void> {
  await page.getByRole('combobox', { name: 'Agent' }).selectOption('trips');
  await page.getByRole('textbox', { name: 'Message' }).fill(QUESTION);
  await page.keyboard.press('Enter');
}

const approve = (page: Page): Promise<void> => page.getByRole('button', { name: 'Approve' }).click({ timeout: 60_000 });

/** What is seen while `play` goes on, as one animated picture. */
async function record(page: Page, file: string, play: () => Promise<void>): Promise<void> {
  const frames = mkdtempSync(join(tmpdir(), 'verbatim-pictures-'));
  let isOver = false;
  const playing = play().finally(() => {
    isOver = true;
  });
  const everyMs = 1_000 / FRAMES_A_SECOND;
  let number = 0;
  for (const startedMs = performance.now(); !isOver; await pause(1)) {
    const image = await page.screenshot().catch(() => undefined);
    // As many times as its time is long: a picture that took longer to take is shown for longer.
    while (image !== undefined && number * everyMs < performance.now() - startedMs) {
      writeFileSync(join(frames, `${String(number++).padStart(4, '0')}.png`), image);
    }
  }
  await playing;
  const palette = 'scale=840:-1:flags=lanczos,split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none:diff_mode=rectangle';
  const made = spawnSync('ffmpeg', ['-y', '-framerate', String(FRAMES_A_SECOND), '-i', join(frames, '%04d.png'), '-vf', palette, file]);
  if (made.status !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
  rmSync(frames, { recursive: true });
}

/** People who ask, for as long as the dashboard is to show. */
async function beBusy(url: string): Promise<void> {
  const people = Array.from({ length: 12 }, () => createClient({ url }));
  const until = performance.now() + minutes * 60_000;
  let asked = 0;
  const one = async (client: (typeof people)[number]): Promise<void> => {
    while (performance.now() < until) {
      // It swells and ebbs, as a day does.
      await pause(1_000 + 5_000 * Math.random() * (1.1 + Math.sin(performance.now() / 90_000)));
      const agent = asked++ % 4 === 0 ? 'trips' : 'guide';
      const run = await client.send({ agent, text: QUESTION });
      for await (const event of run) if (event.type === 'approval.requested') await run.approve(event.callId);
    }
  };
  await Promise.all(people.map(one));
  await Promise.all(people.map((client) => client.close()));
}

const folder = mkdtempSync(join(tmpdir(), 'verbatim-pictures-'));
const server = await createServer({
  agents: tripAgents(55),
  database: `file:${join(folder, 'pictures.db')}`,
  limits,
  prices: { 'planner-large': { input: 1.25, output: 10 }, 'city-guide': { input: 0.25, output: 2 } },
});
const { url } = await server.listen({ port: 0 });
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
});

console.log('A conversation, with a reload in mid-answer');
const page = await openPage(browser, url, { height: 760 });
await page.getByRole('combobox', { name: 'Agent' }).waitFor();
await record(page, join(FOLDER, 'chat.gif'), async () => {
  await pause(400);
  await ask(page);
  await page.getByRole('button', { name: 'Approve' }).waitFor();
  await pause(900);
  await approve(page);
  await page.getByRole('region', { name: 'Conversation' }).getByText('For the first evening').waitFor();
  await page.reload();
  await page.getByRole('region', { name: 'Conversation' }).getByText('Shall I look for a hotel').waitFor();
  await pause(1_500);
});
await page.screenshot({ path: join(FOLDER, 'chat.png') });

console.log('Its run');
await page.getByRole('link', { name: /run/i }).first().click();
await page.getByRole('heading', { level: 1 }).waitFor();
await pause(1_000);
await page.screenshot({ path: join(FOLDER, 'run.png') });

console.log(`${minutes} minutes of work for the dashboard`);
const people = beBusy(url);
await pause(minutes * 60_000 - 5_000);
await page.setViewportSize({ width: 1120, height: 1_000 });
await page.goto(`${url}/dashboard`);
await page.locator('canvas').first().waitFor();
await pause(3_000);
await page.screenshot({ path: join(FOLDER, 'dashboard.png') });

await people;
await browser.close();
await server.close();
rmSync(folder, { recursive: true });
