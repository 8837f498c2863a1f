import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Model, ModelChunk } from '../model.ts';
import { ChunkReader } from './chunkReader.ts';
import { type Call, Resilience, type ResilienceOptions } from './resilience.ts';
import { Watchdog } from './watchdog.ts';
import { wrappedModel } from './wrappedModel.ts';

const resilientModels = new WeakSet<Model>();

/**
 * A model that is asked again when it fails before the first chunk of its answer, is left alone when it keeps failing, serves so many calls at
 * once, and never keeps anyone waiting without end. For models of your own: those of Verbatim's adapters have it, and take its options, so
 * that wrapping one again throws `CONFIG_INVALID`. What is counted is shared by all who use this model, in this process.
 */
export function resilient(model: Model, options: ResilienceOptions = {}): Model {
  const what = `The model "${model.name}"`;
  if (resilientModels.has(model)) {
    throw new VerbatimError('CONFIG_INVALID', `${what} is resilient already: give the options to the function that makes it.`);
  }
  const resilience = new Resilience(what, options);
  const { firstByteTimeoutMs, idleTimeoutMs } = resilience.limits;

  const wrapped = wrappedModel(model, async function* (request, callOptions) {
    const call = await resilience.enter(callOptions.signal, callOptions.observer);
    let reader: ChunkReader | undefined;
    try {
      const begun = await call.begin(() => begin(call, (signal) => model.stream(request, { ...callOptions, signal })));
      reader = begun.reader;
      for (const chunk of begun.chunks) yield toldOf(chunk, call);
      // The text that readers have cannot be taken back: from here on a failure is one.
      for (;;) {
        const next = await nextOf(reader, call);
        if (next.done) break;
        yield toldOf(next.value, call);
      }
    } finally {
      await reader?.close();
      call.end();
    }
  });
  resilientModels.add(wrapped);
  return wrapped;

  async function begin(call: Call, stream: (signal: AbortSignal) => AsyncIterable<ModelChunk>) {
    const watchdog = new Watchdog(call.signal, resilience.clock);
    const chunks: ModelChunk[] = [];
    let reader: ChunkReader | undefined;
    try {
      reader = new ChunkReader(stream, watchdog, idleTimeoutMs);
      for (;;) {
        const next = await reader.next(firstByteTimeoutMs);
        if (next.done) break;
        chunks.push(next.value);
        // Who speaks is no part of what is said.
        if (next.value.type !== 'switched') break;
      }
      return { reader, chunks };
    } catch (cause) {
      watchdog.stop();
      await reader?.close();
      throw cause;
    }
  }
}

/** As `resilient`, for adapters that see what arrives, which tells more than chunks: they look after the times of silence themselves. */
export function resilientAdapter(model: Model, options: ResilienceOptions): Model {
  return resilient(model, { ...options, firstByteTimeoutMs: Number.POSITIVE_INFINITY, idleTimeoutMs: Number.POSITIVE_INFINITY });
}

/** Before the chunk is passed on: who has the finish may leave. */
function toldOf(chunk: ModelChunk, call: Call): ModelChunk {
  if (chunk.type === 'finish') call.succeeded();
  return chunk;
}

async function nextOf(reader: ChunkReader, call: Call): Promise<IteratorResult<ModelChunk, unknown>> {
  try {
    return await reader.next();
  } catch (cause) {
    return call.failed(cause);
  }
}
