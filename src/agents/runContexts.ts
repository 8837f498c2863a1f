import type { RunRow } from '../db/runs.ts';
import type { Clock } from '../protocol/clock.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Agent, InstructionsContext } from './agent.ts';
import type { AgentRegistry } from './agentRegistry.ts';
import type { LogFailure } from './logFailure.ts';
import type { Memory } from './memory.ts';
import { OutsideFailure } from './outsideFailure.ts';

export interface RunContextsOptions {
  readonly run: RunRow;
  readonly threadId: string;
  readonly memory: Memory;
  readonly registry: AgentRegistry;
  readonly clock: Clock;
  /** How long all of them together may take to be disposed. */
  readonly disposeTimeoutMs: number;
  readonly logFailure: LogFailure;
}

/**
 * What a run's instructions, models, tools and guards get as `context`, for as long as a worker works on it. An agent's is built when it is
 * first asked for, once: an agent that takes over has its own, and one that is given back the word has the one it had. `dispose` it.
 */
export class RunContexts {
  readonly #options: RunContextsOptions;
  readonly #built = new Map<Agent, Promise<InstructionsContext>>();
  #disposed = false;

  constructor(options: RunContextsOptions) {
    this.#options = options;
  }

  /** Rejects, for good, with what the agent's `context` threw: `AGENT_FAILED`. */
  of(agent: Agent): Promise<InstructionsContext> {
    let built = this.#built.get(agent);
    if (built === undefined) {
      // Work that outlived its grace: nobody would dispose what is built for it.
      if (this.#disposed) return Promise.reject(new VerbatimError('CANCELLED', 'The run is no longer worked on.'));
      built = this.#build(agent);
      this.#built.set(agent, built);
    }
    return built;
  }

  async #build(agent: Agent): Promise<InstructionsContext> {
    const { run, threadId, memory, registry } = this.#options;
    const inputs = { principal: run.principal, threadId, runId: run.id, memory };
    // A deploy, or a handoff, may have brought an agent that takes another.
    const sent = agent.contextSchema === undefined ? undefined : agent.parseContext(run.context ?? undefined);
    if (sent?.ok === false) {
      const name = registry.nameOf(agent) ?? run.agent;
      throw new VerbatimError('AGENT_CHANGED', `The agent ${name} does not take the context of this run any more: ${sent.issues}.`);
    }
    try {
      return { context: await agent.buildContext({ context: sent?.value, ...inputs }), ...inputs };
    } catch (cause) {
      throw new OutsideFailure(cause, 'AGENT_FAILED', 'The context of the agent could not be made.');
    }
  }

  /**
   * Disposes what was built, also what is still being built, by `Symbol.asyncDispose` or `Symbol.dispose`. Never rejects: what goes wrong is
   * logged, and changes nothing. Resolves when all is done or the time is up; what hangs is left behind.
   */
  async dispose(): Promise<void> {
    this.#disposed = true;
    if (this.#built.size === 0) return;
    const { clock, disposeTimeoutMs } = this.#options;
    let stopTimer = (): void => {};
    const timeUp = new Promise<void>((resolve) => {
      stopTimer = clock.after(disposeTimeoutMs, () => {
        this.#log(new Error(`It took longer than ${disposeTimeoutMs} ms, and was left behind.`));
        resolve();
      });
    });
    const all = Promise.all([...this.#built.values()].map((built) => this.#disposeOne(built)));
    await Promise.race([all, timeUp]);
    stopTimer();
  }

  async #disposeOne(built: Promise<InstructionsContext>): Promise<void> {
    // What could not be built has failed the run already.
    const context = (await built.catch(() => undefined))?.context;
    try {
      await disposerOf(context)?.call(context);
    } catch (cause) {
      this.#log(cause);
    }
  }

  #log(cause: unknown): void {
    this.#options.logFailure({ runId: this.#options.run.id, cause, what: 'the context of an agent could not be disposed' });
  }
}

function disposerOf(value: unknown): (() => unknown) | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  for (const symbol of [Symbol.asyncDispose, Symbol.dispose]) {
    const dispose: unknown = Reflect.get(value, symbol);
    if (typeof dispose === 'function') return dispose as () => unknown;
  }
  return undefined;
}
