import type { Agent, InstructionsContext } from './agent.ts';
import { OutsideFailure } from './outsideFailure.ts';

/** What agents' `context` made for one stretch of work on a run, once for each agent that spoke in it. `dispose` it. */
export class RunContexts {
  readonly #inputs: InstructionsContext;
  readonly #made = new Map<Agent, Promise<unknown>>();
  readonly #onFailure: (cause: unknown) => void;

  constructor(inputs: InstructionsContext, onFailure: (cause: unknown) => void) {
    this.#inputs = inputs;
    this.#onFailure = onFailure;
  }

  /** What the agent's instructions, models and tools get. Throws what the run fails with. */
  async of(agent: Agent): Promise<InstructionsContext> {
    const made = this.#made.get(agent) ?? this.#make(agent);
    this.#made.set(agent, made);
    return { ...this.#inputs, context: await made };
  }

  async #make(agent: Agent): Promise<unknown> {
    try {
      return await agent.buildContext(this.#inputs);
    } catch (cause) {
      throw new OutsideFailure(cause, 'AGENT_FAILED', 'The context of the agent could not be made.');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const made of this.#made.values()) {
      try {
        await disposeOf(await made);
      } catch (cause) {
        this.#onFailure(cause);
      }
    }
  }
}

async function disposeOf(value: unknown): Promise<void> {
  if (typeof value !== 'object' || value === null) return;
  const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose } = value as Partial<AsyncDisposable & Disposable>;
  if (disposeAsync !== undefined) await disposeAsync.call(value);
  else dispose?.call(value);
}
