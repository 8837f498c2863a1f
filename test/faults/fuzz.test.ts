import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createClient } from '../../src/client/index.node.ts';
import { mcpServer } from '../../src/mcp/index.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { startServer } from '../server/startServer.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { HostileSender } from './fuzz/hostileSender.ts';
import type { Recorded } from './fuzz/recordedTraffic.ts';
import { seededRandom } from './seededRandom.ts';

checkLeaksAfterwards();

/** `VERBATIM_FUZZ=<seed>:<burst> npx vitest run test/faults/fuzz.test.ts` sends one burst alone, and again. */
const [SEED = 20_261_121, ONLY] = (process.env.VERBATIM_FUZZ ?? '').split(':').filter(Boolean).map(Number);
const BURSTS = 1_000;
/** A machine that has other things to do sends fewer. */
const TIME_MS = Number(process.env.VERBATIM_FUZZ_MS ?? 60_000);
const FRAMES = 88;
const REQUESTS = 12;
const AT_ONCE = 6;

/** What no answer has in it: files, lines of stacks, statements, classes, modules. */
const INTERNALS =
  /node_modules|node:internal|\/src\/|\.[tj]s:\d|\bat \w[\w.<>]* \(|SQLITE|sqlite|SELECT |INSERT |\b(?:Type|Range|Syntax|Reference|Zod|TRPC|Verbatim|Fastify|Drizzle)\w*Error\b|FST_ERR|ERR_[A-Z]|"stack"|is not a function|Cannot read prop|undefined \(reading/;

const echo = defineAgent({
  description: 'Says it again',
  run: async function* ({ text }) {
    yield { type: 'text.delta', delta: text.slice(0, 50) };
  },
});
const USERS = new Set(['mallory', 'bea']);
const authenticate: ServerOptions['authenticate'] = ({ token }) => (token !== undefined && USERS.has(token) ? { id: token } : undefined);

test(
  'up to a hundred thousand hostile frames and requests: no crash, no internals in an answer, nothing left, and others are served word for word',
  async () => {
    // One line of a stack tells as much as ten; each is looked up in a source map.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 1;
    afterTest(() => {
      Error.stackTraceLimit = stackTraceLimit;
    });
    const failures: unknown[] = [];
    const logger = { info() {}, warn() {}, error: (fields: object, message: string) => void failures.push({ message, ...fields }) };
    const { server, port, url } = await startServer({ agents: { echo }, authenticate, logger, mcp: mcpServer() });
    const bea = createClient({ url, token: () => 'bea' });
    const mallory = createClient({ url, token: () => 'mallory' });
    const theirs = await (await bea.send({ agent: 'echo', text: 'mine alone' })).result();
    expect(theirs.text).toBe('mine alone');
    const { id: foreignThreadId } = await bea.threads.create({ title: 'private', messages: [{ role: 'user', text: 'mine' }] });
    const run = await mallory.send({ agent: 'echo', text: 'hello' });
    await run.result();
    const headers = { authorization: 'Bearer mallory', 'content-type': 'text/plain' };
    const { id: fileId } = (await (await fetch(`${url}/files`, { method: 'POST', headers, body: 'hello' })).json()) as { id: string };
    const recorded: Recorded = { threadId: run.threadId, runId: run.id, fileId, foreignThreadId };
    await mallory.close();

    const leaks: string[] = [];
    let answers = 0;
    const sender = new HostileSender({
      port,
      recorded,
      onAnswer(text) {
        answers++;
        if (INTERNALS.test(text) || text.includes('mine alone') || /^HTTP\/1\.1 500|"reason":"INTERNAL"/.test(text))
          leaks.push(text.slice(0, 2_000));
      },
    });
    const replay = (burst: number): string => `VERBATIM_FUZZ=${SEED}:${burst}`;
    let next = ONLY ?? 0;
    const deadline = performance.now() + TIME_MS;
    const end = ONLY === undefined ? BURSTS : ONLY + 1;
    async function sendBursts(): Promise<void> {
      for (let burst = next++; burst < end && performance.now() < deadline; burst = next++) {
        const random = seededRandom(SEED + burst * 7_919);
        await sender.frames(random, FRAMES);
        await Promise.all(Array.from({ length: REQUESTS }, () => sender.request(random)));
        expect(leaks, `about ${replay(burst)}`).toEqual([]);
        expect(failures, `about ${replay(burst)}`).toEqual([]);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, sendBursts));

    const sent = (Math.min(next, end) - (ONLY ?? 0)) * (FRAMES + REQUESTS);
    console.info(`${sent} hostile frames and requests, ${answers} answers`);
    expect(answers).toBeGreaterThan(sent / 10);
    expect((await bea.threads.get({ threadId: foreignThreadId })).title).toBe('private');
    const text = 'Every word, once, in order: 1 2 3 — ☃ 𝄞';
    expect((await (await bea.send({ agent: 'echo', text })).result()).text).toBe(text);
    await bea.close();
    await vi.waitFor(
      () => expect(server.stats).toEqual({ connections: 0, watches: 0, listeners: 0, activeRuns: 0, heldLogs: 0, bufferedBytes: 0 }),
      { timeout: 10_000 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
  TIME_MS + 60_000,
);
