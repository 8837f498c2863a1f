import { createAnthropic } from '@ai-sdk/anthropic';
import { type ModelMessage, stepCountIs, streamText, tool } from 'ai';
import { defineAgent } from 'verbatim-agents';
import { askWarehouse, checkStock, checkStockInput } from './warehouse.ts';

const MODEL = 'claude-haiku-4-5';

/** The AI SDK's `streamText` as an agent of Verbatim: the parts of its stream become the run's events. */
export const clerkAgent = defineAgent({
  description: 'Knows the stock',
  tools: [checkStock],
  run: async function* ({ messages, signal }) {
    const conversation = messages.flatMap((message): ModelMessage[] => {
      if (message.role === 'tool' || message.text === '') return [];
      return [{ role: message.role, content: message.text }];
    });
    const { fullStream } = streamText({
      // ANTHROPIC_API_KEY; any provider of the AI SDK does.
      model: createAnthropic()(MODEL),
      system: 'You answer questions about the stock of a shop.',
      messages: conversation,
      tools: {
        check_stock: tool({
          description: checkStock.description,
          inputSchema: checkStockInput,
          execute: (input, { abortSignal }) => askWarehouse(input, abortSignal),
        }),
      },
      stopWhen: stepCountIs(5),
      abortSignal: signal,
      // It would print them; they are thrown below.
      onError: () => {},
    });
    for await (const part of fullStream) {
      switch (part.type) {
        case 'text-delta':
          yield { type: 'text.delta', delta: part.text };
          break;
        case 'reasoning-delta':
          yield { type: 'reasoning.delta', delta: part.text };
          break;
        case 'tool-call':
          if (!part.dynamic) yield { type: 'tool.called', callId: part.toolCallId, tool: part.toolName, input: part.input };
          break;
        case 'tool-result':
          if (!part.dynamic) yield { type: 'tool.completed', callId: part.toolCallId, output: part.output };
          break;
        case 'tool-error':
          yield { type: 'tool.failed', callId: part.toolCallId, error: { message: String(part.error) } };
          break;
        case 'finish-step': {
          const { inputTokens = 0, outputTokens = 0 } = part.usage;
          yield { type: 'usage', model: MODEL, usage: { inputTokens, outputTokens } };
          break;
        }
        case 'error':
          throw part.error;
      }
    }
  },
});
