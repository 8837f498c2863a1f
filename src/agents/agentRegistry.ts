import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Agent, Agents } from './agent.ts';
import { handoffToolName } from './handoff.ts';

/**
 * Every agent that may run, by name: the application's, and those that only tools and routers of these know. An agent is the same by its
 * `identity`, also when a test has given it another model.
 */
export class AgentRegistry {
  /** The application's own: those that a caller may send to. */
  readonly agents: Agents;
  readonly #byName = new Map<string, Agent>();
  readonly #names = new Map<object, string>();

  /** Throws `CONFIG_INVALID` for agents that could not be found again after a restart. */
  constructor(agents: Agents) {
    this.agents = agents;
    for (const [name, agent] of Object.entries(agents)) this.#add(name, agent);
    for (const [name, agent] of Object.entries(agents)) this.#walk(name, agent);
  }

  get(name: string): Agent | undefined {
    return this.#byName.get(name);
  }

  nameOf(agent: Agent): string | undefined {
    return this.#names.get(agent.identity);
  }

  get all(): readonly (readonly [name: string, agent: Agent])[] {
    return [...this.#byName];
  }

  #add(name: string, agent: Agent): void {
    this.#byName.set(name, agent);
    if (!this.#names.has(agent.identity)) this.#names.set(agent.identity, name);
  }

  #walk(name: string, agent: Agent): void {
    for (const tool of agent.tools) {
      for (const child of tool.children?.agents ?? [])
        this.#reach(child.name ?? tool.name, child.agent, `the tool ${tool.name} of ${name}`);
    }
    if (agent.kind === 'router') {
      for (const [key, target] of Object.entries(agent.agents)) this.#reach(key, target, `the router ${name}`);
    }
    if (agent.kind !== 'model') return;
    for (const target of agent.handoffs()) {
      const known = this.nameOf(target);
      if (known === undefined) {
        throw new VerbatimError(
          'CONFIG_INVALID',
          `The agent ${name} hands over to an agent that is not among \`agents\`. Add it there, under a name.`,
        );
      }
      if (!agent.tools.some((tool) => tool.name === handoffToolName(known))) continue;
      throw new VerbatimError(
        'CONFIG_INVALID',
        `The agent ${name} has a tool named ${handoffToolName(known)}, as the one by which it hands over to ${known} is. Give it another name.`,
      );
    }
  }

  #reach(name: string, agent: Agent, by: string): void {
    if (this.nameOf(agent) !== undefined) return;
    if (this.#byName.has(name)) {
      throw new VerbatimError(
        'CONFIG_INVALID',
        `There are two agents named ${name}, one of them known to ${by} alone. Add it to \`agents\` under a name of its own.`,
      );
    }
    this.#add(name, agent);
    this.#walk(name, agent);
  }
}
