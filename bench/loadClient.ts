import { WebSocket } from 'ws';
import { nowMicros, type TokenSchedule } from './tokenStream.ts';

/** Readers of one server, in a process of their own: one connection and one stream each. Speaks plain frames, to cost little. */
export interface LoadOrder {
  readonly server: 'raw' | 'verbatim';
  readonly port: number;
  readonly streams: number;
  readonly schedule: TokenSchedule;
}

/** Of the tokens that arrived between `start` and `stop`. Latency is from the making of a token to its arrival here. */
export interface LoadReport {
  readonly tokens: number;
  readonly frames: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadMessage = { readonly type: 'streaming' } | { readonly type: 'report'; readonly report: LoadReport };

/** Connections that are opened at once. */
const OPENING = 50;
const DELTA = '"delta":"';

let latencies: number[] | undefined;
let frames = 0;
/** Streams of which something was heard. */
let speaking = 0;

process.on('message', (message: LoadOrder | 'start' | 'stop') => {
  if (message === 'start') {
    latencies = [];
    frames = 0;
  } else if (message === 'stop') {
    tell({ type: 'report', report: summarize(latencies ?? []) });
    latencies = undefined;
  } else {
    void openAll(message);
  }
});
process.on('disconnect', () => process.exit());

async function openAll(order: LoadOrder): Promise<void> {
  let left = order.streams;
  const openOneByOne = async (): Promise<void> => {
    while (left-- > 0) await (order.server === 'raw' ? readRaw(order) : readVerbatim(order));
  };
  await Promise.all(Array.from({ length: OPENING }, openOneByOne));
}

/** Resolves with the first token. */
function readRaw(order: LoadOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    const ws = connect(order.port, '/', reject);
    ws.on('open', () => ws.send(JSON.stringify(order.schedule)));
    ws.on('message', countTokens(order, resolve));
  });
}

/** Sends, takes the receipt, watches the run from there. Resolves with the first token. */
function readVerbatim(order: LoadOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    const ws = connect(order.port, '/trpc', reject);
    const request = (id: number, method: string, path: string, input: object): void =>
      ws.send(JSON.stringify({ id, method, params: { path, input: { json: input } } }));
    const onToken = countTokens(order, resolve);
    ws.on('open', () => request(1, 'mutation', 'messages.send', { agent: 'scheduled', text: JSON.stringify(order.schedule) }));
    ws.once('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString());
      const receipt = answer.result?.data?.json;
      if (receipt === undefined) return reject(new Error(`refused: ${data}`));
      ws.on('message', onToken);
      request(2, 'subscription', 'runs.watch', { runId: receipt.runId, lastEventId: receipt.seq });
    });
  });
}

function connect(port: number, path: string, onError: (error: Error) => void): WebSocket {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
  ws.on('error', onError);
  return ws;
}

/** A frame may hold several tokens, joined: each counts, with its own latency. */
function countTokens({ streams }: LoadOrder, onFirst: () => void): (data: Buffer) => void {
  let isFirst = true;
  return (data) => {
    const text = data.toString('latin1');
    const from = text.indexOf(DELTA);
    if (from === -1) return;
    if (isFirst) {
      isFirst = false;
      speaking++;
      onFirst();
      if (speaking === streams) tell({ type: 'streaming' });
    }
    if (latencies === undefined) return;
    frames++;
    const now = nowMicros();
    const delta = text.slice(from + DELTA.length, text.indexOf('"', from + DELTA.length));
    for (const made of delta.split(' ')) if (made !== '') latencies.push(now - Number(made));
  };
}

function summarize(micros: readonly number[]): LoadReport {
  const sorted = Float64Array.from(micros).sort();
  const at = (share: number): number => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) / 1_000;
  return { tokens: sorted.length, frames, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function tell(message: LoadMessage): void {
  process.send?.(message);
}
