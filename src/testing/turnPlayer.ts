import type { ServerResponse } from 'node:http';
import { abortable, abortableDelay } from '../agents/models/abortable.ts';
import type { ModelServerQuirks } from './modelServerQuirks.ts';
import type { ScriptedTurn } from './script.ts';
import type { Frame, FrameOptions, TurnFrames } from './turnFrames.ts';

/** Sends a turn as the answer to one request, with its quirks and in its time. Rejects when `signal` aborts: the client has gone. */
export async function playTurn(
  response: ServerResponse,
  turn: ScriptedTurn,
  { wire, signal, ...options }: FrameOptions & { readonly wire: TurnFrames; readonly signal: AbortSignal },
): Promise<void> {
  const { quirks } = options;
  if (turn.waitFor !== undefined) await abortable(turn.waitFor, signal);
  if (quirks.neverAnswer === true) return forever(signal);
  if (quirks.hangUp === true) {
    response.destroy();
    return;
  }
  if (quirks.htmlError !== undefined) {
    response.writeHead(quirks.htmlError, { 'content-type': 'text/html' }).end('<html><body>Something is wrong at 10.0.0.1</body></html>');
    return;
  }
  if (quirks.status !== undefined) return sendError(response, { wire, quirks, signal });
  if (quirks.notStreamed === true) {
    sendJson(response, 200, wire.document(turn, options));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).flushHeaders();
  await stream(new EventWriter(response, { wire, quirks, signal }), turn, options);
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function stream(writer: EventWriter, turn: ScriptedTurn, options: FrameOptions): Promise<void> {
  const { quirks } = options;
  const { signal, wire } = writer;
  let sent = 0;
  const turnMayEnd = async (): Promise<void> => {
    if (turn.until !== undefined) await abortable(turn.until, signal);
  };
  for (const frame of wire.frames(turn, options)) {
    if (sent === quirks.cutAfterChunks) return writer.cut();
    if (sent === quirks.silentAfterChunks) return forever(signal);
    if (sent === quirks.inStreamErrorAfterChunks) {
      await writer.frame(wire.failure(scriptedError(quirks)));
      return writer.end();
    }
    if (sent === quirks.garbageAfterChunks) await writer.event('{"choices": [{"del');
    if (sent === 1 && quirks.endless !== undefined) return endless(writer, quirks.endless);
    if (sent > 0 && turn.delayMs !== undefined && turn.delayMs > 0) await abortableDelay(turn.delayMs, signal);
    if (wire.isEnd(frame)) await turnMayEnd();
    await writer.frame(frame);
    sent++;
  }
  if (quirks.cutAfterChunks !== undefined) return writer.cut();
  if (quirks.silentAfterChunks !== undefined) return forever(signal);
  await turnMayEnd();
  if (quirks.tornEnd === true) {
    await writer.write('data: {"choices": [{"del');
    return writer.end();
  }
  if (quirks.noDone !== true && wire.done !== undefined) await writer.event(wire.done);
  if (quirks.openAfterDone === true) return forever(signal);
  return writer.end();
}

async function endless(writer: EventWriter, what: NonNullable<ModelServerQuirks['endless']>): Promise<never> {
  const filler = 'more and '.repeat(100);
  if (what === 'line') await writer.write('data: {"choices": [{"delta": {"content": "');
  for (let index = 0; ; index++) {
    if (what === 'line') await writer.write(filler);
    else if (what === 'comments') await writer.write(': still here\n\n');
    else await writer.frame(writer.wire.endless(what, filler, index === 0));
    // Whoever reads it shares our event loop in tests.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function scriptedError(quirks: ModelServerQuirks): Readonly<Record<string, unknown>> {
  const message = 'Scripted error of https://provider.example with the key sk-secret';
  return { message, type: 'scripted', code: quirks.errorCode ?? null };
}

async function sendError(response: ServerResponse, { wire, quirks, signal }: WriterOptions): Promise<void> {
  const headers: Record<string, string> = quirks.retryAfter === undefined ? {} : { 'retry-after': quirks.retryAfter };
  if (quirks.endlessErrorBody !== true) return sendJson(response, quirks.status ?? 500, { error: scriptedError(quirks) }, headers);
  response.writeHead(quirks.status ?? 500, { 'content-type': 'text/plain', ...headers });
  const writer = new EventWriter(response, { wire, quirks: {}, signal });
  for (;;) await writer.write('wrong '.repeat(1_000));
}

function forever(signal: AbortSignal): Promise<never> {
  return abortable(new Promise<never>(() => {}), signal);
}

interface WriterOptions {
  readonly wire: TurnFrames;
  readonly quirks: ModelServerQuirks;
  readonly signal: AbortSignal;
}

/** Writes events with the quirks of the byte stream, and waits until each has left. */
class EventWriter {
  readonly wire: TurnFrames;
  readonly signal: AbortSignal;
  readonly #response: ServerResponse;
  readonly #quirks: ModelServerQuirks;

  constructor(response: ServerResponse, { wire, quirks, signal }: WriterOptions) {
    this.wire = wire;
    this.signal = signal;
    this.#response = response;
    this.#quirks = quirks;
  }

  frame(frame: Frame): Promise<void> {
    return this.event(JSON.stringify(frame), this.wire.eventOf?.(frame));
  }

  async event(data: string, name?: string): Promise<void> {
    const comment = this.#quirks.keepAliveComments === true ? ': KEEP-ALIVE\n\n' : '';
    const text = `${comment}${name === undefined ? '' : `event: ${name}\n`}data: ${data}\n\n`;
    await this.write(this.#quirks.crlf === true ? text.replaceAll('\n', '\r\n') : text);
  }

  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const step = this.#quirks.splitBytes === true ? 1 : bytes.length;
    for (let from = 0; from < bytes.length; from += step) {
      const left = new Promise<void>((resolve, reject) => {
        this.#response.write(bytes.subarray(from, from + step), (error) => (error ? reject(error) : resolve()));
      });
      await abortable(left, this.signal);
    }
  }

  cut(): void {
    this.#response.destroy();
  }

  end(): void {
    this.#response.end();
  }
}
