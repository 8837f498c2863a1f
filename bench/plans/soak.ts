import { statSync } from 'node:fs';
import { BenchProcess } from '../benchProcess.ts';
import { sleep } from '../clock.ts';
import type { SoakLoadCalls, SoakReport } from '../load/soakLoad.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import type { ServerHoldings } from '../server/serverProcess.ts';
import { type BenchServer, startServer } from '../startServer.ts';
import { median } from '../statistics.ts';
import { format, markdown } from '../table.ts';

/** A minute of load, and the server at rest after it. Memory is what is left when the garbage is gone. */
interface Minute extends SoakReport {
  readonly during: ServerHoldings;
  readonly rest: ServerHoldings;
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly fileBytes: number;
}

const MEGABYTE = 1e6;
/** For runs that go on without their readers. */
const REST_MS = 3_000;
/** So much more at the end than at the beginning is noise. */
const GROWTH = 1.1;
const GROWTH_BYTES = { heap: 1 * MEGABYTE, resident: 10 * MEGABYTE };

export const soak: Plan = {
  name: 'soak',
  what: 'Users who connect, send, read, cancel, go away and come back, without end. Each minute they stop, and the server must be what it was: memory without garbage, tails, sockets, timers. Only the file grows. Memory includes what SQLite keeps of the file, up to 64 MB.',
  seconds: ({ quick }) => lengthOf(quick).minutes * (lengthOf(quick).secondsAMinute + 0.5),
  run,
};

function lengthOf(quick: boolean) {
  return quick ? { minutes: 3, secondsAMinute: 4, users: 5 } : { minutes: 10, secondsAMinute: 60, users: 100 };
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const { minutes, secondsAMinute, users } = lengthOf(rounds.quick);
  await using server = await startServer({ server: 'verbatim', limits: { disconnectGraceMs: 500 } });
  await using load = new BenchProcess<SoakLoadCalls>('./load/soakLoad.js', { core: 1 });
  const start = await server.calls.call('holdings');
  const done: Minute[] = [];
  for (let minute = 1; minute <= minutes; minute++) {
    rounds.progress(`soak: minute ${minute} of ${minutes}`);
    done.push(await oneMinute(server, load, { users, seconds: secondsAMinute - REST_MS / 1_000 }));
  }
  return { tables: [tableOf(done), verdict(start, done)], figures: { start, minutes: done } };
}

async function oneMinute(
  server: BenchServer,
  load: BenchProcess<SoakLoadCalls>,
  { users, seconds }: { readonly users: number; readonly seconds: number },
): Promise<Minute> {
  const busy = load.call('run', { port: server.port, users, seconds });
  await sleep(seconds * 800);
  const during = await server.calls.call('holdings');
  const report = await busy;
  await sleep(REST_MS);
  const { heapBytes, residentBytes } = await server.calls.call('collect');
  const rest = await server.calls.call('holdings');
  const fileBytes = statSync(server.database).size + (statSync(`${server.database}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  return { ...report, during, rest, heapBytes, residentBytes, fileBytes };
}

/** Tails, sockets, runs and what is held for them, in all. */
function heldOf({ stats }: ServerHoldings): number {
  return Object.values(stats ?? {}).reduce((sum, count) => sum + count, 0);
}

function tableOf(minutes: readonly Minute[]): string {
  const heads = [
    'minute',
    'runs',
    'connections',
    'events',
    'watches',
    'active runs',
    'heap, MB',
    'memory, MB',
    'file, MB',
    'held',
    'timers',
  ];
  const rows = minutes.map((minute, index) => [
    String(index + 1),
    ...[minute.runs, minute.connections, minute.events].map((count) => format(count, 0)),
    ...[minute.during.stats?.watches, minute.during.stats?.activeRuns].map((count) => format(count ?? Number.NaN, 0)),
    ...[minute.heapBytes, minute.residentBytes, minute.fileBytes].map((bytes) => format(bytes / MEGABYTE, 1)),
    String(heldOf(minute.rest)),
    String(minute.rest.timers),
  ]);
  const note = 'Watches and active runs are those of a moment under load; what stands right of them is of the server at rest.';
  return `${markdown(heads, rows)}\n\n${note}`;
}

/** Compares the last third with the first one. The first minute is left out where there are others: caches fill in it. */
function verdict(start: ServerHoldings, minutes: readonly Minute[]): string {
  const third = Math.ceil(minutes.length / 3);
  const first = minutes.slice(1, 1 + third);
  const last = minutes.slice(-third);
  const memory = (what: string, slack: number, of: (minute: Minute) => number): readonly string[] => {
    const [before, after] = [median(first.map(of)), median(last.map(of))];
    const found = `${format(before / MEGABYTE, 1)} MB, then ${format(after / MEGABYTE, 1)} MB`;
    return [what, found, after <= before * GROWTH + slack ? 'yes' : '**no**'];
  };
  const held = Math.max(...minutes.map(({ rest }) => heldOf(rest)));
  const timers = Math.max(...minutes.map(({ rest }) => rest.timers));
  return markdown(
    ['at rest', 'found', 'came back'],
    [
      memory('heap, first third and last', GROWTH_BYTES.heap, (minute) => minute.heapBytes),
      memory('memory, first third and last', GROWTH_BYTES.resident, (minute) => minute.residentBytes),
      ['tails, sockets, runs and buffers held, at most', String(held), held === 0 ? 'yes' : '**no**'],
      [`timers, at most; ${start.timers} at the start`, String(timers), timers <= start.timers ? 'yes' : '**no**'],
    ],
  );
}
