import { z } from 'zod';
import type * as Verbatim from '../../src/index.ts';

/** Where the outside is: the model, and doors that hold whoever knocks until the test opens them. */
export interface Outside {
  readonly modelUrl: string;
  readonly doorUrl: string;
}

/**
 * The agents of the run states, made of whatever copy of the package they are to run in. What they do outside, such as a tool's work, is a
 * knock at a door, named by what it is and by its thread: a test sees it, counts it and lets it wait.
 */
export function stateAgents({ agentTool, defineAgent, defineTool, openai }: typeof Verbatim, { modelUrl, doorUrl }: Outside) {
  const model = (name: string) => openai(name, { baseURL: modelUrl, apiKey: 'none' });
  const knock = async (door: string, callId: string, signal?: AbortSignal): Promise<void> => {
    await fetch(`${doorUrl}/${door}`, { method: 'POST', body: callId, ...(signal !== undefined && { signal }) });
  };
  const effect = (name: string, options: { readonly idempotent?: true; readonly needsApproval?: true }) =>
    defineTool({
      name,
      description: 'Does something that stays',
      input: z.object({}),
      output: z.object({ did: z.string() }),
      ...options,
      execute: async (_, { callId, threadId, signal }) => {
        await knock(`${name}/${threadId}`, callId, signal);
        return { did: name };
      },
    });
  const pick = defineTool({ name: 'pick', description: 'Asks the user', input: z.object({}), output: z.object({ color: z.string() }) });
  const waitsForContext = { context: ({ threadId }: { readonly threadId: string }) => knock(`context/${threadId}`, '') };
  const bot = (name: string) => defineAgent({ description: name, model: model(name) });

  const researcher = bot('researcher');
  const billing = defineAgent({ description: 'Knows bills', model: model('billing'), ...waitsForContext });
  return {
    speaker: bot('speaker'),
    a: bot('a'),
    b: bot('b'),
    c: bot('c'),
    researcher,
    billing,
    worker: defineAgent({ description: 'Works', model: model('worker'), tools: [effect('work', {})] }),
    looker: defineAgent({ description: 'Looks', model: model('looker'), tools: [effect('look', { idempotent: true })] }),
    clerk: defineAgent({ description: 'Asks first', model: model('clerk'), tools: [effect('refund', { needsApproval: true })] }),
    teller: defineAgent({
      description: 'Asks first, and takes its time to begin',
      model: model('teller'),
      tools: [effect('pay', { needsApproval: true })],
      ...waitsForContext,
    }),
    asker: defineAgent({ description: 'Asks the client', model: model('asker'), tools: [pick] }),
    boss: defineAgent({
      description: 'Asks an agent',
      model: model('boss'),
      tools: [agentTool(researcher, { name: 'research', description: 'Finds out' })],
    }),
    guarded: defineAgent({
      description: 'Is listened to first',
      model: model('guarded'),
      guards: {
        output: [
          {
            name: 'listener',
            mode: 'hold',
            check: async ({ threadId, signal }) => {
              await knock(`guard/${threadId}`, '', signal);
              return { verdict: 'pass' };
            },
          },
        ],
      },
    }),
    triage: defineAgent({ description: 'Hands over', model: model('triage'), handoffs: [billing] }),
  };
}
