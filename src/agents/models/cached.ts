import { createHash } from 'node:crypto';
import type { Usage } from '../../protocol/event.ts';
import type { Json } from '../../protocol/json.ts';
import type { ModelObserver } from '../../protocol/observer.ts';
import { type LayeredCache, layeredCache } from '../layeredCache.ts';
import type { Model, ModelCaller, ModelChunk, ModelRequest } from '../model.ts';
import type { ToolCache } from '../toolPolicy.ts';
import { recordingOf, replay } from './recording.ts';
import { requestKey } from './requestKey.ts';
import { SharedStream } from './sharedStream.ts';
import { wrappedModel } from './wrappedModel.ts';

const DEFAULT_TTL_MS = 60 * 60_000;
/** What an answer from a cache costs: nothing, and it says so. */
const FROM_CACHE: Usage = { inputTokens: 0, outputTokens: 0, cachedCalls: 1 };

export interface CachedOptions {
  /** How long an answer holds. Default one hour. */
  readonly ttlMs?: number;
  /** What makes two requests the same. Default: all of it. Whom an answer may be given to, and by which model, is always part of it. */
  readonly key?: (request: ModelRequest) => string;
  /** Who may be given an answer that another call got. Default `principal`: calls outside of runs have none, and are not cached. */
  readonly scope?: ToolCache['scope'];
  /** Also requests that offer tools: the model's wish to call one is then replayed too. Default false. */
  readonly withTools?: boolean;
  /** Where answers are kept, to be shared or to have a second layer. Default: memory of its own, bounded as `layeredCache()` is. */
  readonly cache?: LayeredCache;
}

interface Flight {
  readonly stream: SharedStream;
  /** Somebody has been told what the answer cost: it is counted once. */
  counted: boolean;
}

/**
 * A model whose answers are kept for a while and replayed, chunk by chunk, to the same request. Equal calls at the same time are one call,
 * which ends when nobody reads it any more. Only answers that came to their own end are kept: none that was cut, filtered, aborted or failed.
 * A replayed answer has a usage without tokens, with `cachedCalls: 1`. A run that `runs.retry` made gets a new answer, which is kept.
 */
export function cached(model: Model, options: CachedOptions = {}): Model {
  const { ttlMs = DEFAULT_TTL_MS, scope = 'principal', withTools = false, key: ownKey, cache = layeredCache() } = options;
  const flights = new Map<string, Flight>();

  const keyOf = (request: ModelRequest, caller: ModelCaller | undefined): string | undefined => {
    if (request.tools.length > 0 && !withTools) return undefined;
    const owner = ownerOf(scope, caller);
    if (owner === undefined) return undefined;
    const same = ownKey === undefined ? requestKey(request) : ownKey(request);
    return `answer-1:${createHash('sha256')
      .update(JSON.stringify([model.name, owner, same]))
      .digest('base64url')}`;
  };

  const start = (
    key: string,
    { fresh, observer }: { readonly fresh: boolean; readonly observer: ModelObserver | undefined },
    open: (signal: AbortSignal) => AsyncIterable<ModelChunk>,
  ): Flight => {
    let replayed = false;
    const flight: Flight = {
      counted: false,
      stream: new SharedStream(
        async function* (signal) {
          const kept = fresh ? undefined : replay(await cache.get(key));
          observer?.cacheRead('model', kept !== undefined);
          if (kept === undefined) return yield* open(signal);
          flight.counted = true;
          replayed = true;
          yield* kept;
        },
        () => {
          const recording = replayed ? undefined : recordingOf(flight.stream.chunks, { withTools });
          // Until it is kept, those who ask join this call, which has all of it.
          const over = (): void => {
            // One that was wanted anew has taken its place.
            if (flights.get(key) === flight) flights.delete(key);
          };
          if (recording === undefined) over();
          else void cache.set(key, recording, ttlMs).finally(over);
        },
      ),
    };
    flights.set(key, flight);
    return flight;
  };

  return wrappedModel(model, async function* (request, callOptions) {
    const { signal, caller, observer } = callOptions;
    signal.throwIfAborted();
    const key = keyOf(request, caller);
    if (key === undefined) return yield* model.stream(request, callOptions);
    const fresh = caller?.fresh === true;
    const joined = fresh ? undefined : flights.get(key);
    if (joined !== undefined) observer?.cacheRead('model', true);
    const flight = joined ?? start(key, { fresh, observer }, (shared) => model.stream(request, { ...callOptions, signal: shared }));
    for await (const chunk of flight.stream.read(signal)) {
      if (chunk.type !== 'finish') yield chunk;
      else if (flight.counted) yield { ...chunk, usage: FROM_CACHE };
      else {
        flight.counted = true;
        yield chunk;
      }
    }
  });
}

function ownerOf(scope: NonNullable<CachedOptions['scope']>, caller: ModelCaller | undefined): Json | undefined {
  if (scope === 'everyone') return [];
  if (caller === undefined) return undefined;
  const { principalId, threadId, runId } = caller;
  switch (scope) {
    case 'principal':
      return [principalId];
    case 'thread':
      return [principalId, threadId];
    case 'run':
      return [principalId, threadId, runId];
  }
}
