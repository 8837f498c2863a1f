import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BenchProcess, canPin } from './benchProcess.ts';
import type { LoadMessage, LoadOrder, LoadReport } from './loadClient.ts';
import type { ServerReady, ServerUsage } from './serverProcess.ts';

/** What a server costs for each token of many steady streams: Verbatim on a database file against raw `ws` without one. See README.md. */
interface Measurement extends LoadReport {
  readonly cpuMicrosPerToken: number;
  readonly cpuShare: number;
  readonly tokensPerSecond: number;
  readonly residentMiB: number;
}

const SERVERS = ['raw', 'verbatim'] as const;
type ServerName = (typeof SERVERS)[number];

const { values: flags } = parseArgs({
  options: {
    streams: { type: 'string' },
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const streams = numberOf('streams', flags.streams ?? (flags.quick ? '100' : '1000'));
const rate = numberOf('rate', flags.rate);
const seconds = numberOf('seconds', flags.seconds ?? (flags.quick ? '1' : '4'));
const askedRounds = numberOf('rounds', flags.rounds ?? (flags.quick ? '1' : '3'));
/** After the last stream has begun: compilation and the first garbage are over. */
const warmUpSeconds = flags.quick ? 0.5 : 2;
/** For what opening the streams may take. */
const spareSeconds = 30;
/** What stands still for this long is broken. */
const STALL_MS = 60_000;

/** No round begins after it, so that a slow machine gives fewer rounds and not a longer wait. */
const MAX_SECONDS = 45;

const results: { readonly [Name in ServerName]: Measurement[] } = { raw: [], verbatim: [] };
for (let round = 1; round <= askedRounds && (round === 1 || performance.now() < MAX_SECONDS * 1_000); round++) {
  // Each in its turn first: a machine that slows down or speeds up must favour neither.
  for (const name of round % 2 === 1 ? SERVERS : [...SERVERS].reverse()) {
    process.stderr.write(`round ${round} of ${askedRounds}: ${name}\n`);
    results[name].push(await measure(name));
  }
}
process.stdout.write(`${report(results.raw, results.verbatim)}\n`);

/** One server in a fresh process, and its readers in another. */
async function measure(name: ServerName): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-bench-'));
  const args = name === 'verbatim' ? [join(folder, 'bench.db')] : [];
  await using server = new BenchProcess<ServerReady | ServerUsage>(`./${name}Server.js`, { core: 0, args });
  await using readers = new BenchProcess<LoadMessage>('./loadClient.js', { core: 1 });
  const stalled = setTimeout(() => {
    process.stderr.write(`${name}: nothing happened for ${STALL_MS / 1_000} s\n`);
    process.exit(1);
  }, STALL_MS);
  try {
    const { port } = (await server.receive()) as ServerReady;
    const schedule = { tokensPerSecond: rate, tokens: Math.ceil(rate * (warmUpSeconds + seconds + spareSeconds)) };
    const order: LoadOrder = { server: name, port, streams, schedule };
    readers.send(order);
    await readers.receive();
    await sleep(warmUpSeconds * 1_000);

    readers.send('start');
    const before = await usageOf(server);
    const startedMs = performance.now();
    await sleep(seconds * 1_000);
    const after = await usageOf(server);
    const elapsedMs = performance.now() - startedMs;
    readers.send('stop');
    const message = await readers.receive();
    if (message.type !== 'report') throw new Error('the readers did not report');
    const cpuMicros = after.cpuMicros - before.cpuMicros;
    return {
      ...message.report,
      cpuMicrosPerToken: cpuMicros / (after.tokens - before.tokens),
      cpuShare: cpuMicros / 1_000 / elapsedMs,
      tokensPerSecond: (message.report.tokens * 1_000) / elapsedMs,
      residentMiB: after.residentBytes / 1024 / 1024,
    };
  } finally {
    clearTimeout(stalled);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function usageOf(server: BenchProcess<ServerReady | ServerUsage>): Promise<ServerUsage> {
  server.send('usage');
  return (await server.receive()) as ServerUsage;
}

/** The median of the rounds for each figure; the ratio is that of the medians, with the lowest and highest of a round beside it. */
function report(raw: readonly Measurement[], verbatim: readonly Measurement[]): string {
  const row = (what: string, of: (measurement: Measurement) => number, digits: number): string => {
    const [a, b] = [median(raw.map(of)), median(verbatim.map(of))];
    const ratios = raw.map((one, round) => of(verbatim[round] ?? one) / of(one));
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    return `| ${what} | ${a.toFixed(digits)} | ${b.toFixed(digits)} | ${(b / a).toFixed(2)} | ${spread} |`;
  };
  const keptUp = [...raw, ...verbatim].every((one) => one.tokensPerSecond > 0.97 * streams * rate);
  return [
    `${streams} streams x ${rate} tokens/s, ${raw.length} x ${seconds} s each, Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown CPU'}, ` +
      `${canPin ? 'server and readers pinned to one core each' : 'not pinned'}. Verbatim commits every token to a SQLite file before it sends it.`,
    '',
    '| median of the rounds | raw `ws`, no database | Verbatim | ratio | ratio by round |',
    '|---|---|---|---|---|',
    row('server CPU a token, us', (m) => m.cpuMicrosPerToken, 1),
    row('server CPU, share of one core', (m) => m.cpuShare, 2),
    row('delivery p50, ms', (m) => m.p50Ms, 2),
    row('delivery p99, ms', (m) => m.p99Ms, 2),
    row(`tokens/s that arrived, of ${streams * rate}`, (m) => m.tokensPerSecond, 0),
    row('frames/s', (m) => (m.frames / m.tokens) * m.tokensPerSecond, 0),
    row('server memory, MiB', (m) => m.residentMiB, 0),
    ...(keptUp
      ? []
      : [
          '',
          'Not all tokens arrived in time: the machine was busy or a server was at its limit, and the figures say little. Use fewer --streams.',
        ]),
  ].join('\n');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not ${text}`);
  return value;
}
