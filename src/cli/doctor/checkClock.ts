import { type Finding, ok, problem, warning } from './finding.ts';

/** Before this version was made no clock can be right. */
const FIRST_TIME = Date.UTC(2026, 0, 1);
const MAX_AHEAD_MS = 60_000;
/** Dates of HTTP are whole seconds, and an answer takes a while. */
const MAX_SKEW_MS = 30_000;
const MAX_JUMP_MS = 500;

export interface Clocks {
  /** Epoch milliseconds. */
  wall(): number;
  /** Milliseconds that nobody can set. */
  monotonic(): number;
}

export interface ClockFacts {
  /** When the newest entry of the database was made, by the clock there was then. */
  readonly newestAt: number | undefined;
  /** Times that others told, as epoch milliseconds, each with our own at that moment. */
  readonly told: readonly { readonly by: string; readonly theirs: number; readonly ours: number }[];
}

/** Begins to watch the clock; the returned function says what it has seen. Time zones do not matter: everything is kept in epoch time. */
export function watchClock({ wall, monotonic }: Clocks = { wall: Date.now, monotonic: () => performance.now() }) {
  const from = { wall: wall(), monotonic: monotonic() };
  return ({ newestAt, told }: ClockFacts): Finding => {
    const now = wall();
    const remedy = 'Let the machine keep its time, by systemd-timesyncd or chrony.';
    const shown = new Date(now).toISOString();
    if (now < FIRST_TIME) return problem('clock', `It says ${shown}, which is before this version was made.`, remedy);
    if (newestAt !== undefined && newestAt - now > MAX_AHEAD_MS) {
      const text = `It says ${shown}, and the newest entry of the database is of ${new Date(newestAt).toISOString()}: it was set back.`;
      return problem('clock', text, `${remedy} Until it is right, what expires does so late.`);
    }
    const jump = now - from.wall - (monotonic() - from.monotonic);
    if (Math.abs(jump) > MAX_JUMP_MS) return warning('clock', `It was moved by ${Math.round(jump)} ms in this moment.`, remedy);
    const off = told.find(({ theirs, ours }) => Math.abs(theirs - ours) > MAX_SKEW_MS);
    if (off !== undefined) {
      const seconds = Math.round((off.ours - off.theirs) / 1000);
      const text = `It is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} that of ${off.by}.`;
      return warning('clock', text, `${remedy} Tokens of others would be expired, or not valid yet.`);
    }
    return ok('clock', shown);
  };
}
