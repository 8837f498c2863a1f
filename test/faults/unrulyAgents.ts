import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, type GuardVerdict, type Model, type ModelChunk, parallel, router } from '../../src/index.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';

/** A call that was carried out. */
export interface Effect {
  readonly tool: string;
  readonly callId: string;
}

export interface Unruly {
  readonly random: () => number;
  readonly effects: Effect[];
}

const anInput = z.object({ n: z.number().max(1_000) });
const anOutput = z.object({ n: z.number() });

/**
 * Agents that do at random what agents can: ask for tools of each kind, several at once and some that do not exist, ask other agents, hand
 * over, fail, and answer.
 */
export function unrulyAgents({ random, effects }: Unruly) {
  const oneOf = <T>(values: readonly [T, ...T[]]): T => values[Math.floor(random() * values.length)] ?? values[0];
  const effect = (name: string, options: { readonly idempotent?: boolean; readonly needsApproval?: boolean }) =>
    defineTool({
      name,
      description: 'Leaves an effect',
      input: anInput,
      output: anOutput,
      idempotent: options.idempotent ?? false,
      ...(options.needsApproval === true && { needsApproval: ({ n }: { n: number }) => n > 100 && { expiresInMs: n } }),
      async execute({ n }, { callId, signal }) {
        effects.push({ tool: name, callId });
        if (random() < 0.7) await pause(random() * 15, undefined, random() < 0.8 ? { signal } : {});
        if (random() < 0.1) throw new Error('it does not work today');
        return { n };
      },
    });
  const client = (name: string, needsApproval: boolean) =>
    defineTool({
      name,
      description: 'Asks the client',
      input: anInput,
      output: anOutput,
      expiresInMs: 400,
      ...(needsApproval && { needsApproval: true as const }),
    });
  const common = [
    effect('work', {}),
    effect('look', { idempotent: true }),
    effect('refund', { needsApproval: true }),
    client('pick', false),
    client('sign', true),
  ] as const;

  const model = (tools: readonly [string, ...string[]], mostSteps: number): Model => ({
    name: 'unruly',
    async *stream({ messages }, { signal }): AsyncGenerator<ModelChunk> {
      for (let piece = Math.floor(random() * 3); piece > 0; piece--) {
        yield { type: 'text', delta: 'word ' };
        await pause(random() * 6, undefined, { signal });
      }
      if (random() < 0.03) throw new Error('the model is unwell');
      if (random() < 0.05) throw new VerbatimError('MODEL_STREAM_CUT', 'The stream broke off.');
      const asked = messages.findLastIndex(({ role }) => role === 'user');
      const steps = messages.slice(asked).filter(({ role }) => role === 'assistant').length;
      const count = steps >= mostSteps || random() < 0.3 ? 0 : 1 + Math.floor(random() * 3);
      const toolCalls = Array.from({ length: count }, () => {
        const n = Math.ceil(random() * 700);
        return { tool: random() < 0.04 ? 'nothing' : oneOf(tools), arguments: JSON.stringify({ n, task: `n is ${n}` }) };
      });
      yield {
        type: 'finish',
        finish: toolCalls.length > 0 ? 'tool_calls' : 'stop',
        toolCalls,
        usage: { inputTokens: 1, outputTokens: 1 },
      };
    },
  });
  const own = ['work', 'look', 'refund', 'pick', 'sign'] as const;
  const leaf = defineAgent({ description: 'leaf', model: model(own, 2), tools: common });
  const twig = defineAgent({
    description: 'twig',
    stepTimeoutMs: 100,
    onStreamCut: 'regenerate',
    model: model([...own, 'ask_leaf', 'ask_leaf'], 2),
    tools: [...common, agentTool(leaf, { name: 'ask_leaf', description: 'asks leaf' })],
  });
  const artist = defineAgent({
    description: 'artist',
    run: async function* ({ signal }) {
      for (let n = 0; n < 3; n++) {
        yield { type: 'text.delta', delta: 'line ' };
        await pause(random() * 5, undefined, { signal });
      }
    },
  });
  const branch = [
    ...common,
    agentTool(leaf, { name: 'ask_leaf', description: 'asks leaf' }),
    agentTool(twig, { name: 'ask_twig', description: 'asks twig', needsApproval: true }),
    parallel([leaf, artist, twig], { name: 'ask_both', description: 'asks both' }),
  ] as const;
  const asks = [...own, 'ask_leaf', 'ask_twig', 'ask_both'] as const;
  const mood = async ({ signal }: { readonly signal: AbortSignal }): Promise<GuardVerdict> => {
    await pause(random() * 4, undefined, { signal });
    return random() < 0.95 ? { verdict: 'pass' } : { verdict: 'block' };
  };
  const guards = {
    input: [{ name: 'beside', check: mood }],
    output: [
      { name: 'holds', mode: 'hold' as const, check: mood },
      { name: 'trips', check: mood },
    ],
  };
  const second = defineAgent({ description: 'second', runTimeoutMs: 150, guards, model: model(asks, 4), tools: branch });
  const first = defineAgent({
    description: 'first',
    model: model([...asks, 'transfer_to_second'], 5),
    tools: branch,
    handoffs: [second],
  });
  const either = router({
    description: 'either',
    agents: { first, second },
    route: () => ({ to: random() < 0.5 ? 'first' : 'second', reason: 'a mood' }),
  });
  return { first, second, twig, leaf, artist, either };
}
