import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { ModelChunk } from '../agents/model.ts';
import { abortable } from '../agents/models/abortable.ts';
import type { ModelCallLimits } from '../agents/models/modelCallLimits.ts';
import type { Watchdog } from '../agents/models/watchdog.ts';
import { aiSdkStreamFailure } from './aiSdkFailure.ts';
import { AiSdkStream } from './aiSdkStream.ts';

/** How long to wait, once the model has ended, for the end of the body. */
const AFTER_FINISH_MS = 1_000;

/** Reads a stream to its end, within its times, and yields what it means. Left early, it cancels the stream. */
export async function* readAiSdkStream(
  stream: ReadableStream<LanguageModelV3StreamPart>,
  watchdog: Watchdog,
  limits: ModelCallLimits,
  stateOf: string,
): AsyncGenerator<ModelChunk> {
  const reader = stream.getReader();
  const answer = new AiSdkStream(limits, stateOf);
  try {
    // The first byte's time runs since the request was sent.
    for (let first = true; ; first = false) {
      if (!first) watchdog.expect(answer.finished ? AFTER_FINISH_MS : limits.idleTimeoutMs);
      const part = await read(reader, watchdog, answer.finished);
      watchdog.rest();
      if (part === undefined) break;
      // What comes after the end is read for the connection's sake.
      if (answer.finished) continue;
      for (const chunk of answer.push(part)) {
        yield chunk;
        watchdog.signal.throwIfAborted();
      }
    }
    yield* answer.end();
  } finally {
    reader.cancel().catch(() => {}); // Nobody is left to hear how that went.
  }
}

async function read(
  reader: ReadableStreamDefaultReader<LanguageModelV3StreamPart>,
  watchdog: Watchdog,
  finished: boolean,
): Promise<LanguageModelV3StreamPart | undefined> {
  try {
    return (await abortable(reader.read(), watchdog.signal)).value;
  } catch (error) {
    if (finished) return undefined;
    throw watchdog.signal.aborted ? error : aiSdkStreamFailure(error);
  }
}
