import type { ConnectionState } from '../../client/connectionState.ts';
import { type AnyEvent, isTerminalEvent } from '../../protocol/event.ts';
import { type Paint, paintFor } from '../paint.ts';
import { plainJson, plainLine } from '../plainText.ts';
import { cutToWidth } from '../textTable.ts';
import { type ServerFlags, withServer } from '../withServer.ts';
import { note, write } from '../writeOut.ts';
import { exitCodeOf } from './runStatus.ts';

/**
 * Prints each event of the run, and of the runs under it, once and in order, until it has ended: a line each, cut to the terminal, or whole as
 * JSON. The exit code says how it ended.
 */
export async function watchRun(id: string, flags: ServerFlags): Promise<void> {
  const paint = paintFor(process.stdout);
  await withServer(flags, async (client) => {
    const stop = client.connection.subscribe(connectionNotes());
    try {
      const run = client.run(id);
      for await (const event of run) {
        if (flags.json) await write(`${plainJson(JSON.stringify(event))}\n`);
        else await write(`${eventLine(event, { runId: id, paint, width: process.stdout.columns })}\n`);
        if (isTerminalEvent(event) && event.runId === id) process.exitCode = exitCodeOf(STATUS_OF[event.type]);
      }
    } finally {
      stop();
    }
  });
}

const STATUS_OF = { 'run.completed': 'completed', 'run.failed': 'failed', 'run.cancelled': 'cancelled' } as const;

const TYPE_WIDTH = 18;

interface LineOptions {
  /** Of the run that is watched: it is said of the others. */
  readonly runId: string;
  readonly paint: Paint;
  readonly width: number | undefined;
}

/** Its seq, time and type, and what else it says; ids last. */
function eventLine(event: AnyEvent, { runId, paint, width = Number.POSITIVE_INFINITY }: LineOptions): string {
  const { seq, firstSeq: _, at, type, ...rest } = event;
  const head = `${String(seq).padStart(6)}  ${new Date(at).toISOString().slice(11, 23)}  `;
  const fields = Object.entries(rest)
    .filter(([name, value]) => name !== 'runId' || value !== runId)
    .sort(([a], [b]) => Number(a.endsWith('Id')) - Number(b.endsWith('Id')))
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[\w.:-]+$/.test(value) ? value : JSON.stringify(value)}`);
  const line = `${type.padEnd(TYPE_WIDTH)}  ${plainLine(fields.join(' '))}`;
  return paint.dim(head) + styleOf(type, paint)(cutToWidth(line, Math.max(1, width - head.length)));
}

function styleOf(type: AnyEvent['type'], paint: Paint): (text: string) => string {
  if (type === 'run.failed' || type === 'tool.failed') return paint.red;
  if (type === 'run.completed') return paint.green;
  if (type === 'approval.requested' || type === 'run.waiting' || type === 'run.cancelled' || type === 'run.resumed') return paint.yellow;
  return (text) => text;
}

/** Tells of each loss once, and of its end; not of a server that never was there, which ends the command. */
function connectionNotes(): (state: ConnectionState) => void {
  let wasThere = false;
  let isLost = false;
  return (state) => {
    wasThere ||= state.status === 'online';
    if (!wasThere) return;
    if (state.status === 'offline' && !isLost) note(`~ ${plainLine(state.reason.message.replace(/\.$/, ''))}; trying again`);
    if (state.status === 'online' && isLost) note('~ connected again, and nothing was missed');
    isLost = state.status === 'offline' || (isLost && state.status !== 'online');
  };
}
