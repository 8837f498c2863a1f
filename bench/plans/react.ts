import { createClient, type JsonApi } from 'verbatim-agents/client';
import { openPage } from '../openPage.ts';
import type { FrameFigures, PageInput } from '../page/threadPage.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import type { TokenSchedule } from '../server/tokenStream.ts';
import { startServer } from '../startServer.ts';
import { median, quantiles } from '../statistics.ts';
import { markdown, spread } from '../table.ts';

const MESSAGES = 500;
const RATE = 1_000;
/** An answer of more than that is a book. */
const TOKENS = 2_000;
const FRAME_MS = 1_000 / 60;

export const react: Plan = {
  name: 'react',
  what: `The hooks in real Chromium: ${RATE} tokens/s into a thread of ${MESSAGES} messages, shown as a plain list of rows in \`React.memo\`, answers of ${TOKENS} tokens one after the other. A frame is ${FRAME_MS.toFixed(1)} ms; a long task is one of 50 ms and more. The browser shares the machine with the server.`,
  seconds: ({ quick, rounds }) => rounds * (8 + (answers(quick) * TOKENS) / RATE),
  run,
};

const answers = (quick: boolean): number => (quick ? 1 : 5);

interface PageFigures extends FrameFigures {
  /** Of the page's main thread. */
  readonly cpuMs: number;
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const { page: figures } = await rounds.alternate('react', { page: () => measure(rounds.quick) });
  const times = figures.map(({ frames }) => quantiles(frames.map((ms) => ms * 1_000)));
  const p95 = times.map(({ p95Ms }) => p95Ms);
  const perSecond = figures.map(({ frames }) => (frames.length * 1_000) / frames.reduce((sum, ms) => sum + ms, 0));
  const rows = [
    ['frames a second', spread(perSecond, 1)],
    [
      'time of a frame, p50, ms',
      spread(
        times.map(({ p50Ms }) => p50Ms),
        1,
      ),
    ],
    ['time of a frame, p95, ms', spread(p95, 1)],
    [
      'time of a frame, p99, ms',
      spread(
        times.map(({ p99Ms }) => p99Ms),
        1,
      ),
    ],
    [
      'CPU of the main thread a frame, ms',
      spread(
        figures.map(({ cpuMs, frames }) => cpuMs / frames.length),
        1,
      ),
    ],
    [
      'long tasks',
      spread(
        figures.map(({ longTasks }) => longTasks.length),
        0,
      ),
    ],
    [
      'finished messages that were rendered again',
      spread(
        figures.map(({ rowsAgain }) => rowsAgain),
        0,
      ),
    ],
  ];
  const requirement = {
    id: 602,
    what: `frame of ${RATE} tokens/s in React, p95`,
    unit: 'ms',
    digits: 1,
    must: 17,
    aim: 17,
    measured: median(p95),
  };
  return { tables: [markdown(['what', 'figure'], rows)], requirements: [requirement], figures };
}

async function measure(quick: boolean): Promise<PageFigures> {
  await using server = await startServer({ server: 'verbatim', trust: 'open' });
  const url = `http://127.0.0.1:${server.port}`;
  const client = createClient<JsonApi>({ url });
  const messages = Array.from({ length: MESSAGES }, (_, i) => ({
    role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
    text: `Message ${i}. ${'What was said then, in a sentence or two. '.repeat(1 + (i % 5))}`,
  }));
  const { id: threadId } = await client.threads.create({ messages });
  await client.close();
  const schedule: TokenSchedule = { tokensPerSecond: RATE, tokens: TOKENS };
  const input: PageInput = { url, threadId, count: MESSAGES };
  await using page = await openPage('./page/threadPage.js');
  await page.call('showThread', input);
  const before = await page.cpuMs();
  const texts = Array.from({ length: answers(quick) }, () => JSON.stringify(schedule));
  const figures = await page.call<FrameFigures>('measureFrames', texts);
  return { ...figures, cpuMs: (await page.cpuMs()) - before };
}
