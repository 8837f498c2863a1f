import { z } from 'zod';
import type { ToolContract } from '../protocol/contract.ts';
import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { ModelUsage } from '../protocol/usage.ts';
import type { DataSchemas } from './defineAgent.ts';
import type { AnyTool, ToolFileResult } from './defineTool.ts';

type ContractOf<T extends AnyTool> = NonNullable<T['~contract']>;

/** By name, and not by `T extends Tool ? ...`: a generator's `tool: 'search'` keeps its literal type only in the light of a mapped type. */
type ToolEvent<T extends AnyTool> = {
  [Name in T['name']]: EventsOfTool<Name, ContractOf<Extract<T, { readonly name: Name }>>>;
}[T['name']];

type EventsOfTool<Name extends string, Contract extends ToolContract> =
  | { readonly type: 'tool.called'; readonly callId: string; readonly tool: Name; readonly input: Contract['input'] }
  | { readonly type: 'tool.progress'; readonly callId: string; readonly data: Contract['progress'] }
  | { readonly type: 'tool.completed'; readonly callId: string; readonly output: Contract['output'] | ToolFileResult }
  | { readonly type: 'tool.failed'; readonly callId: string; readonly error: Pick<ErrorInfo, 'message'> };

type DataPart<Data extends DataSchemas> = {
  [Name in keyof Data & string]: { readonly type: 'data'; readonly name: Name; readonly data: z.input<Data[Name]> };
}[keyof Data & string];

/**
 * What a custom agent may yield. Text opens a message; `message.completed` ends it, so that it stays even if a crash runs the agent again;
 * so does a tool call. `callId` is the agent's own and need only be unique within the run; readers get another. `usage` is what one model call
 * of its own used: it counts for the run at once, however that ends.
 */
export type AgentEvent<Tools extends readonly AnyTool[] = readonly AnyTool[], Data extends DataSchemas = DataSchemas> =
  | { readonly type: 'text.delta'; readonly delta: string }
  | { readonly type: 'reasoning.delta'; readonly delta: string }
  | { readonly type: 'message.completed' }
  | { readonly type: 'run.status'; readonly text: string }
  | { readonly type: 'usage'; readonly model: string; readonly usage: ModelUsage['usage'] }
  | ToolEvent<Tools[number]>
  | DataPart<Data>;

const callId = z.string().min(1).max(200);
const tokens = z.int().min(0);
const usage = z.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cachedTokens: tokens.optional(),
  reasoningTokens: tokens.optional(),
  estimated: z.boolean().optional(),
});

/** The same for what arrives at run time. Tool and data payloads are checked by their own schemas afterwards. */
export const agentEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text.delta'), delta: z.string() }),
  z.object({ type: z.literal('reasoning.delta'), delta: z.string() }),
  z.object({ type: z.literal('message.completed') }),
  z.object({ type: z.literal('run.status'), text: z.string() }),
  z.object({ type: z.literal('usage'), model: z.string().min(1).max(200), usage }),
  z.object({ type: z.literal('tool.called'), callId, tool: z.string(), input: z.unknown() }),
  z.object({ type: z.literal('tool.progress'), callId, data: z.unknown() }),
  z.object({ type: z.literal('tool.completed'), callId, output: z.unknown() }),
  z.object({ type: z.literal('tool.failed'), callId, error: z.object({ message: z.string() }) }),
  z.object({ type: z.literal('data'), name: z.string(), data: z.unknown() }),
]);

export type UncheckedAgentEvent = z.infer<typeof agentEventSchema>;
