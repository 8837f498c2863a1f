import { z } from 'zod';
import type { Agent } from './agent.ts';
import { type AnyTool, defineTool } from './defineTool.ts';

/** What the tool by which an agent hands over is called: `transfer_to_` and the name, in letters that providers accept. */
export function handoffToolName(agent: string): string {
  return `transfer_to_${agent.replace(/[^A-Za-z0-9_-]/g, '_')}`.slice(0, 64);
}

/** The run loop carries it out: the call is the handoff. */
export function handoffTool(name: string, target: Agent): AnyTool {
  const tool = defineTool({
    name: handoffToolName(name),
    description: `Hand the conversation over to the agent ${name}, who answers from here on. ${target.description}`,
    input: z.object({ reason: z.string().optional() }),
    output: z.object({ handedOverTo: z.string() }),
    execute: () => {
      throw new TypeError('A handoff is carried out by the run loop.');
    },
  });
  return { ...tool, identity: target.identity };
}
