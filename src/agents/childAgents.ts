import type { Agent } from './agent.ts';

/** What a tool that asks agents needs: which, and what each is asked. */
export interface ChildAgents {
  /** By the name under which they run. */
  readonly agents: { readonly [name: string]: Agent };
  taskOf(input: unknown): string;
  /** The call's output, from what became of each child, in the order of `agents`. One child alone is not an array. */
  readonly many: boolean;
}
