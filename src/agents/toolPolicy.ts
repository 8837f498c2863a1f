import type { Json } from '../protocol/json.ts';
import type { ToolContext } from './defineTool.ts';

/** When a tool that failed is tried again, within the same call and with the same `callId`. */
export interface ToolRetry {
  /** The first one counts. */
  readonly maxAttempts: number;
  /** Before the second attempt; doubled before each one after. Of each delay half is chance. Default 250. */
  readonly initialDelayMs?: number;
  /** Default 10,000. */
  readonly maxDelayMs?: number;
  /**
   * Whether this failure is worth another try: what the tool threw, or a `VerbatimError` with `TOOL_TIMEOUT`. Default: every one. A tool that is
   * not `idempotent` needs it, and must say yes only where nothing was done: and it is never asked when that cannot be known, after a timeout.
   */
  readonly when?: (error: unknown) => boolean;
}

/** What a result may depend on besides the input. */
export type CacheKeyContext<Context = unknown> = Pick<ToolContext<Json, Context>, 'agent' | 'context' | 'principal' | 'runId' | 'threadId'>;

/** How long, and for whom, a result holds for the same input. */
export interface ToolCache<Input = never, Context = never> {
  readonly ttlMs: number;
  /**
   * What makes two calls the same, besides the agent, the tool and the scope. Default: the whole input, and the `context` of the send. With a
   * key of your own, name whatever else the result depends on.
   */
  readonly key?: (input: Input, context: CacheKeyContext<Context>) => string;
  /** Who may be given a result that another call got. Default `principal`. */
  readonly scope?: 'run' | 'thread' | 'principal' | 'everyone';
}

/** What a definition says of how its tool is carried out. */
interface Policies {
  readonly name: string;
  readonly idempotent?: boolean;
  readonly needsApproval?: unknown;
  readonly timeoutMs?: number;
  readonly retry?: ToolRetry;
  readonly maxConcurrent?: number;
  readonly cache?: ToolCache;
  readonly worker?: true;
  readonly module?: string;
}

const DEFAULT_INITIAL_DELAY_MS = 250;
const DEFAULT_MAX_DELAY_MS = 10_000;

/** Throws a TypeError for policies that cannot hold, or that would repeat a side effect without saying so. */
export function assertToolPolicies(policies: Policies): void {
  const { name, idempotent, timeoutMs, retry, maxConcurrent, cache, worker, module, needsApproval } = policies;
  const refuse = (what: string): never => {
    throw new TypeError(`The tool ${name} ${what}`);
  };
  const assertPositive = (option: string, value: number | undefined, whole = false): void => {
    if (value === undefined || (value > 0 && Number.isFinite(value) && (!whole || Number.isInteger(value)))) return;
    refuse(`has \`${option}: ${value}\`: it must be a ${whole ? 'whole number' : 'number'} above 0.`);
  };
  assertPositive('timeoutMs', timeoutMs);
  assertPositive('maxConcurrent', maxConcurrent, true);
  assertPositive('retry.maxAttempts', retry?.maxAttempts, true);
  assertPositive('retry.initialDelayMs', retry?.initialDelayMs);
  assertPositive('retry.maxDelayMs', retry?.maxDelayMs);
  assertPositive('cache.ttlMs', cache?.ttlMs);
  if (retry !== undefined && retry.when === undefined && idempotent !== true && cache === undefined) {
    refuse(
      'is not idempotent, so trying it again could do it twice: say `idempotent: true`, or which failures did nothing by `retry.when`.',
    );
  }
  if (cache !== undefined) {
    if (idempotent === false) refuse('has a `cache`, which is for tools that only read: those are idempotent.');
    if (needsApproval !== undefined && needsApproval !== false) {
      refuse('has a `cache` and `needsApproval`: an approval is for one call, and a result from the cache would need none.');
    }
  }
  if (worker && module === undefined) refuse('says `worker: true`: it needs `module: import.meta.url` too, or no worker could find it.');
  if (worker && !module?.startsWith('file:'))
    refuse(`has \`module: '${module}'\`: it must be the URL of a file, as \`import.meta.url\` is.`);
}

/** How an attempt failed. */
export interface AttemptFailure {
  readonly cause: unknown;
  /** It may have been carried out. */
  readonly unknown: boolean;
}

/** How long to wait before the next attempt; undefined when there is to be none. `attempt` is the one that failed, from 1. */
export function toolRetryDelay(
  { retry, idempotent }: { readonly retry: ToolRetry | undefined; readonly idempotent: boolean },
  { cause, unknown }: AttemptFailure,
  { attempt, random }: { readonly attempt: number; readonly random: () => number },
): number | undefined {
  if (retry === undefined || attempt >= retry.maxAttempts) return undefined;
  if (unknown && !idempotent) return undefined;
  if (!isWorthIt(retry, cause)) return undefined;
  const { initialDelayMs = DEFAULT_INITIAL_DELAY_MS, maxDelayMs = DEFAULT_MAX_DELAY_MS } = retry;
  return Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 1)) * (0.5 + random() / 2);
}

function isWorthIt({ when }: ToolRetry, cause: unknown): boolean {
  try {
    return when?.(cause) ?? true;
  } catch {
    return false; // The failure that it was asked about is the one to tell.
  }
}

/** A second layer behind the memory of one process. Any Keyv store, or a Keyv itself, is one: `new KeyvRedis(...)`. Its failures are misses. */
export interface CacheLayer {
  get(key: string): unknown;
  set(key: string, value: unknown, ttlMs?: number): unknown;
  delete(key: string): unknown;
  clear(): unknown;
}
