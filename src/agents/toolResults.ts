import { createHash } from 'node:crypto';
import { Cacheable, createKeyv, type KeyvStoreAdapter } from 'cacheable';
import type { ToolOutcome } from '../db/operations/finishToolCall.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Json } from '../protocol/json.ts';
import { type Observer, silentObserver } from '../protocol/observer.ts';
import { ownerOf } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { AnyTool } from './defineTool.ts';
import { publicMessage } from './publicError.ts';
import type { CacheKeyContext, CacheLayer, ToolCache } from './toolPolicy.ts';

export interface ToolResultsOptions {
  readonly clock: Clock;
  readonly maxEntries: number;
  /** A larger result is not kept. */
  readonly maxBytes: number;
  readonly second: CacheLayer | undefined;
  /** Hears of what the second layer could not do. */
  readonly report: (cause: unknown) => void;
  readonly observer?: Pick<Observer, 'cacheRead'> | undefined;
}

/** The call that a result is asked for. */
export interface CachedCall {
  readonly input: Json;
  readonly context: CacheKeyContext;
  /** The `context` of the send. */
  readonly sent: Json | undefined;
  /** Ends waiting for another call's result. */
  readonly signal: AbortSignal;
}

interface Kept {
  readonly output: Json;
  readonly at: number;
}

/** How long a call waits for the second layer before it is carried out. */
const SECOND_LAYER_MS = 1_000;

/**
 * Earlier results of tools that only read. Of calls that are the same at the same time one is made, and the others get what came of it; when
 * that one was stopped, the next is made. Failures are never kept; files are neither kept nor shared.
 */
export class ToolResults {
  readonly #options: ToolResultsOptions;
  readonly #cache: Cacheable;
  readonly #inFlight = new Map<string, Promise<ToolOutcome | undefined>>();

  constructor(options: ToolResultsOptions) {
    this.#options = options;
    this.#cache = new Cacheable({
      // Results are JSON that nobody changes.
      primary: createKeyv({ lruSize: options.maxEntries, useClone: false }),
      ...(options.second !== undefined && { secondary: options.second as KeyvStoreAdapter }),
    });
    this.#cache.on('error', options.report);
  }

  /** Never rejects, if `make` does not. */
  async of(tool: AnyTool, cache: ToolCache, call: CachedCall, make: () => Promise<ToolOutcome>): Promise<ToolOutcome> {
    let key: string;
    try {
      key = keyOf(tool, cache, call);
    } catch (cause) {
      return { error: new VerbatimError('TOOL_FAILED', publicMessage(cause, 'The tool failed.')).info };
    }
    for (;;) {
      const other = this.#inFlight.get(key);
      if (other === undefined) break;
      const outcome = await orAbort(other, call.signal);
      // A file is of the thread whose call made it: each call makes its own.
      if (call.signal.aborted || (outcome !== undefined && 'file' in outcome)) return make();
      if (outcome !== undefined) {
        this.#tell(true);
        return outcome;
      }
    }
    const made = this.#getOrMake(key, cache, call.signal, make);
    const shared = made.then((outcome) => {
      this.#inFlight.delete(key);
      // What a stopped call came to is its own.
      return 'error' in outcome && call.signal.aborted ? undefined : outcome;
    });
    this.#inFlight.set(key, shared);
    return made;
  }

  async #getOrMake(key: string, { ttlMs }: ToolCache, signal: AbortSignal, make: () => Promise<ToolOutcome>): Promise<ToolOutcome> {
    const { clock, maxBytes } = this.#options;
    const kept = await this.#get(key);
    // Its age is by our clock too, which is the one that tests move and that jumps for all at once.
    const holds = kept !== undefined && clock.now() >= kept.at && clock.now() - kept.at < ttlMs;
    this.#tell(holds);
    if (holds) return { output: kept.output };
    const outcome = await make();
    if ('output' in outcome && !signal.aborted && Buffer.byteLength(JSON.stringify(outcome.output)) <= maxBytes) {
      // Nobody waits for the second layer.
      await this.#cache.set(key, { output: outcome.output, at: clock.now() } satisfies Kept, { ttl: ttlMs, nonBlocking: true });
    }
    return outcome;
  }

  #tell(hit: boolean): void {
    const { observer = silentObserver } = this.#options;
    observer.cacheRead('tool', hit);
  }

  async #get(key: string): Promise<Kept | undefined> {
    const reading = this.#cache.get<Kept>(key);
    if (this.#options.second === undefined) return reading;
    let stopTimer = (): void => {};
    const tooLong = new Promise<undefined>((resolve) => {
      stopTimer = this.#options.clock.after(SECOND_LAYER_MS, () => resolve(undefined));
    });
    try {
      return await Promise.race([reading, tooLong]);
    } finally {
      stopTimer();
    }
  }
}

/** A name for all calls that are the same. Hashed, since an input may be long and may not be for whoever looks into the second layer. */
function keyOf(tool: AnyTool, { key, scope = 'principal' }: ToolCache, { input, context, sent }: CachedCall): string {
  const { agent, principal, threadId, runId } = context;
  const owner = { run: runId, thread: threadId, principal: ownerOf(principal), everyone: '' }[scope];
  // What a call with more authority got is not for one with less.
  const authority = scope === 'everyone' ? null : [principal.scopes ?? null, principal.roles ?? null];
  const same: Json = key === undefined ? [input, sent ?? null] : key(input as never, context as never);
  const named = [tool.name, agent, scope, owner, authority, key !== undefined, same];
  return `verbatim:tool:${createHash('sha256').update(canonical(named)).digest('base64url')}`;
}

/** JSON in which the order of keys makes no difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Resolves with undefined when the signal aborts first. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
