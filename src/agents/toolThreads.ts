import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../protocol/clock.ts';
import type { Json } from '../protocol/json.ts';
import type { Limits } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { AnyTool, ToolContext, ToolFileResult } from './defineTool.ts';
import { type Place, Places } from './toolPlaces.ts';
import type { ToolAnswer, ToolNews, ToolTask } from './toolTask.ts';

export interface ToolThreadsOptions {
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'toolWorkerGraceMs' | 'maxToolWorkerBytes'>;
  /** Default: one less than there are cores, and at least one. */
  readonly threads: number | undefined;
  /** Gets what a thread died of, and why a module could not be loaded. */
  readonly report: (cause: unknown) => void;
}

const HERE = import.meta.url;
const MIB = 1024 * 1024;

/** From `src` the threads need jiti to load TypeScript; from `dist` they need nothing. */
function fromSource(): { execArgv: string[] } | undefined {
  if (extname(HERE) !== '.ts') return undefined;
  const code = `import Module, { createRequire } from 'node:module';
const { createJiti } = createRequire(${JSON.stringify(HERE)})('jiti');
Module._extensions['.ts'] = (module, file) => { module.exports = createJiti(file)(file); };`;
  return { execArgv: ['--import', `data:text/javascript,${encodeURIComponent(code)}`] };
}

/**
 * Worker threads for tools that compute: so many, started when they are first needed and kept until `close`. One call at a time in each, in the
 * order in which they came. A thread that does not stop when it is told to is ended, and another takes its place.
 */
export class ToolThreads {
  readonly #options: ToolThreadsOptions;
  readonly #places: Places;
  readonly #size: number;
  readonly #timers = new Set<() => void>();
  #pool: Piscina<ToolTask, ToolAnswer> | undefined;
  #closed = false;

  constructor(options: ToolThreadsOptions) {
    this.#options = options;
    this.#size = options.threads ?? Math.max(1, availableParallelism() - 1);
    if (!(Number.isInteger(this.#size) && this.#size > 0)) {
      throw new VerbatimError('CONFIG_INVALID', `toolWorkers must be a whole number above 0, not ${this.#size}.`);
    }
    this.#places = new Places(options.clock, this.#size);
  }

  /** A free thread, or undefined when the signal aborts first. It is taken until it has been given back or has run a call. */
  take(signal: AbortSignal): Promise<Place | undefined> {
    return this.#places.take(signal);
  }

  /**
   * Carries out a call in the thread of this place, which is given back when the thread is free again. Rejects with what the tool threw, with
   * `OUTCOME_UNKNOWN` when its thread died, and soon after its signal aborts, whatever the tool does.
   */
  async run(tool: AnyTool, module: string, call: { readonly input: Json; readonly context: ToolContext }, place: Place) {
    const { input, context } = call;
    const { callId, runId, threadId, agent, principal, signal } = context;
    const { port1: ours, port2: theirs } = new MessageChannel();
    const end = new AbortController();
    let stopTimer = (): void => {};
    const onAbort = (): void => {
      ours.postMessage('abort');
      stopTimer = this.#options.clock.after(this.#options.limits.toolWorkerGraceMs, () => end.abort());
      this.#timers.add(stopTimer);
    };
    ours.on('message', (news: ToolNews) => tell(context, news));
    try {
      if (this.#closed) throw new VerbatimError('SHUTTING_DOWN', 'The server is shutting down.');
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      const task = { module, tool: tool.name, input, context: { callId, runId, threadId, agent, principal }, port: theirs };
      const answer = await this.#open().run(task as never, { signal: end.signal, transferList: [theirs] });
      tellRest(context, ours);
      if (answer.type === 'unloaded') throw this.#unloaded(tool, answer.stack);
      return resultOf(answer);
    } catch (cause) {
      if (cause instanceof Answered) throw cause.cause;
      throw this.#failureOf(cause, tool, signal);
    } finally {
      stopTimer();
      this.#timers.delete(stopTimer);
      signal.removeEventListener('abort', onAbort);
      ours.close();
      place.giveBack();
    }
  }

  /** Ends every thread, with what it does. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#timers) stop();
    this.#timers.clear();
    this.#places.close();
    await this.#pool?.destroy();
  }

  #open(): Piscina<ToolTask, ToolAnswer> {
    if (this.#pool !== undefined) return this.#pool;
    const pool = new Piscina<ToolTask, ToolAnswer>({
      filename: new URL(`../worker/toolWorker${extname(HERE)}`, HERE).href,
      name: 'runTool',
      // Its queue is never used: after a thread is ended it may wait for a further call before it starts another.
      minThreads: 0,
      maxThreads: this.#size,
      idleTimeout: Number.POSITIVE_INFINITY,
      // With them a thread stands still between two calls, and what a module does besides with it.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: Math.max(1, Math.floor(this.#options.limits.maxToolWorkerBytes / MIB)) },
      ...fromSource(),
    });
    // A thread that dies between two calls. The next call gets another.
    pool.on('error', this.#options.report);
    this.#pool = pool;
    return pool;
  }

  #unloaded(tool: AnyTool, stack: string): Answered {
    const message = `The module of the tool ${tool.name} could not be loaded, or does not export it.`;
    this.#options.report(Object.assign(new Error(message), { stack }));
    return new Answered('unloaded', { cause: new VerbatimError('TOOL_FAILED', message) });
  }

  #failureOf(cause: unknown, tool: AnyTool, signal: AbortSignal): unknown {
    // Because the call was stopped: how it is told is up to who stopped it, and what the tool had done by then nobody knows.
    if (signal.aborted || this.#closed) return new Error('The thread was ended.');
    this.#options.report(cause);
    const memory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
    const why = memory ? 'ran out of memory' : 'ended in the middle of the call';
    if (tool.idempotent) return new VerbatimError('TOOL_FAILED', `The thread of this tool ${why}.`, { cause });
    return new VerbatimError('OUTCOME_UNKNOWN', `The thread of this tool ${why}. It is not known whether the call was carried out.`, {
      cause,
    });
  }
}

/** What the thread answered, and not what became of the thread. */
class Answered extends Error {}

function resultOf(answer: Exclude<ToolAnswer, { type: 'unloaded' }>): Json | ToolFileResult {
  switch (answer.type) {
    case 'result':
      return answer.result;
    case 'typed': {
      const { code, message, retryable } = answer.error;
      throw new Answered('typed', { cause: new VerbatimError(code, message, { retryable }) });
    }
    case 'thrown': {
      const { name, message, code } = answer;
      throw new Answered('thrown', { cause: Object.assign(new Error(message), { name }, code !== undefined && { code }) });
    }
  }
}

function tell(context: ToolContext, news: ToolNews): void {
  try {
    if (news.type === 'status') context.status(news.text);
    else context.progress(news.data);
  } catch {
    // It was checked in the thread; whose module has another schema by now tells nothing.
  }
}

/** What was said last comes by another port than the answer, and must not come after it. */
function tellRest(context: ToolContext, port: MessagePort): void {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    tell(context, next.message);
  }
}
