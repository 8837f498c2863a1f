import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ModelChunk } from '../model.ts';
import { connectionIsFree } from './connectionPool.ts';
import { type ServerSentEvent, ServerSentEvents } from './serverSentEvents.ts';
import type { Watchdog } from './watchdog.ts';

/** How long to wait, once the model has ended, for the usage, for `[DONE]`, and for the end of the body. */
const AFTER_FINISH_MS = 1_000;

export interface StreamedAnswerLimits {
  readonly idleTimeoutMs: number;
  readonly maxEventBytes: number;
}

/** What the events of one answer mean, on one wire. Pure: no time, no network. */
export interface AnswerStream {
  /** The model has said that it ended: what may still come is the usage. */
  readonly finished: boolean;
  /** Anything at all came that belongs to an answer. */
  readonly begun: boolean;
  /** One event, parsed. Throws `MODEL_*` for an error sent in the stream. */
  push(value: unknown): ModelChunk[];
  /** The end of the stream, `saidDone` when the server announced it with `[DONE]`. */
  end(saidDone: boolean): ModelChunk[];
}

/**
 * Reads the body of an answer to its end, so that its connection can be used again, and yields what it means. Whatever
 * goes wrong after the model has ended is not an error. When it is left early, the watchdog's end is the end of the connection.
 */
export async function* streamedAnswer(
  response: Response,
  stream: AnswerStream,
  watchdog: Watchdog,
  limits: StreamedAnswerLimits,
): AsyncGenerator<ModelChunk> {
  const type = response.headers.get('content-type') ?? '';
  if (response.body === null || type.includes('html')) throw notAnAnswer();
  // undici's reader; its chunks are bytes.
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = type.includes('application/json') ? new WholeBody(limits.maxEventBytes) : new ServerSentEvents(limits);
  let saidDone = false;
  let overUntil: number | undefined;
  // The first byte's time runs since the request was sent.
  for (let ended = false, first = true; !ended; first = false) {
    const over = stream.finished || saidDone;
    if (over) overUntil ??= performance.now() + AFTER_FINISH_MS;
    if (!first) watchdog.expect(overUntil === undefined ? limits.idleTimeoutMs : Math.max(0, overUntil - performance.now()));
    const bytes = await read(reader, over);
    watchdog.rest();
    ended = bytes === undefined;
    // Nothing counts after `[DONE]`: the rest is read for the connection's sake.
    if (saidDone) continue;
    for (const { event, data } of bytes === undefined ? decoder.end() : decoder.push(bytes)) {
      saidDone = data.startsWith('[DONE]');
      if (saidDone) break;
      const value = parse(data, event);
      if (value === undefined) {
        // An event that the end of the body tore is a part of the cut, and what came before it counts.
        if (ended) break;
        throw notAnAnswer(data);
      }
      for (const chunk of stream.push(value)) {
        yield chunk;
        watchdog.signal.throwIfAborted();
      }
    }
  }
  await connectionIsFree();
  if (!stream.begun && !saidDone) throw notAnAnswer();
  yield* stream.end(saidDone);
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>, finished: boolean): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch (error) {
    if (finished) return undefined;
    throw new VerbatimError('MODEL_STREAM_CUT', 'The connection to the model broke in the middle of its answer.', { cause: error });
  }
}

/** Undefined for what is no JSON. */
function parse(data: string, event: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined; // The caller knows what it means here.
  }
  return event === 'error' && typeof value === 'object' && value !== null && !('error' in value) ? { error: value } : value;
}

function notAnAnswer(cause?: unknown): VerbatimError {
  return new VerbatimError('MODEL_BAD_RESPONSE', 'The model sent something that is not an answer.', { cause });
}

/** An answer that the server did not stream: one event, at the end. */
class WholeBody {
  readonly #maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(bytes: Uint8Array): ServerSentEvent[] {
    this.#size += bytes.length;
    if (this.#size > this.#maxBytes) throw notAnAnswer();
    this.#parts.push(bytes);
    return [];
  }

  end(): ServerSentEvent[] {
    return [{ event: '', data: Buffer.concat(this.#parts).toString('utf8') }];
  }
}
