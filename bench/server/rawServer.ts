import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { reportToParent } from './serverProcess.ts';
import { streamTokens, type TokenSchedule } from './tokenStream.ts';

/** What a client asks of the reference. `hello` is answered, `join` makes it a reader of what anyone broadcasts. */
export type RawRequest =
  | { readonly type: 'hello' | 'join' }
  | { readonly type: 'stream'; readonly schedule: TokenSchedule; readonly corked: boolean }
  | { readonly type: 'broadcast'; readonly schedule: TokenSchedule };

/** Bytes that may wait in one socket of a stream without pauses. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** A stream without pauses gives way to the others after so many tokens. */
const TOKENS_A_TURN = 64;

/**
 * The reference: plain `ws`, and the least that a chat server can do. A frame asks for a stream, each token is one JSON frame. No database,
 * no order, no resume, nobody is asked who they are.
 */
const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
const readers = new Set<WebSocket>();

wss.on('connection', (ws, request) => {
  request.socket.setNoDelay(true);
  ws.on('error', () => {});
  ws.once('close', () => readers.delete(ws));
  ws.on('message', (data) => {
    const asked: RawRequest = JSON.parse(data.toString());
    if (asked.type === 'stream') {
      const { schedule, corked } = asked;
      void (schedule.tokensPerSecond === 0 ? flood(ws, schedule, { socket: request.socket, corked }) : stream(ws, schedule));
    } else if (asked.type === 'broadcast') void broadcast(asked.schedule);
    else {
      if (asked.type === 'join') readers.add(ws);
      ws.send(JSON.stringify({ type: asked.type }));
    }
  });
});

async function stream(ws: WebSocket, schedule: TokenSchedule): Promise<void> {
  let seq = 0;
  for await (const delta of streamTokens(schedule)) {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(encode(++seq, delta));
  }
}

/** Corked, the tokens of a turn leave in one write: faster than `ws` is by itself, and what whoever knows its socket can do. */
async function flood(
  ws: WebSocket,
  schedule: TokenSchedule,
  { socket, corked }: { readonly socket: Socket; readonly corked: boolean },
): Promise<void> {
  let seq = 0;
  for await (const delta of streamTokens(schedule)) {
    if (ws.readyState !== ws.OPEN) return;
    if (corked && seq % TOKENS_A_TURN === 0) socket.cork();
    ws.send(encode(++seq, delta));
    const turnEnds = seq % TOKENS_A_TURN === 0;
    if (corked && turnEnds) socket.uncork();
    if ((turnEnds || !corked) && socket.writableNeedDrain && ws.bufferedAmount > MAX_BUFFERED_BYTES) await drained(ws, socket);
    else if (turnEnds) await new Promise(setImmediate);
  }
}

async function broadcast(schedule: TokenSchedule): Promise<void> {
  let seq = 0;
  for await (const delta of streamTokens(schedule)) {
    const frame = Buffer.from(encode(++seq, delta));
    for (const reader of readers) reader.send(frame, { binary: false });
  }
}

function encode(seq: number, delta: string): string {
  return JSON.stringify({ seq, at: Date.now(), type: 'text.delta', delta });
}

function drained(ws: WebSocket, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      ws.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    ws.on('close', done);
  });
}

wss.on('listening', () => {
  const address = wss.address();
  if (typeof address === 'object' && address !== null) reportToParent({ port: address.port });
});
