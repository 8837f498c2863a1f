import { Agent, assistant, OpenAIProvider, Runner, tool, user } from '@openai/agents';
import { defineAgent } from 'verbatim-agents';
import { askWarehouse, checkStock, checkStockInput } from './warehouse.ts';

const MODEL = 'gpt-5-mini';

const clerk = new Agent({
  name: 'clerk',
  model: MODEL,
  instructions: 'You answer questions about the stock of a shop.',
  tools: [
    tool({
      name: checkStock.name,
      description: checkStock.description,
      parameters: checkStockInput,
      execute: (input, _context, details) => askWarehouse(input, details?.signal),
    }),
  ],
});

/** The OpenAI Agents SDK as an agent of Verbatim: its stream of events becomes the run's. */
export const clerkAgent = defineAgent({
  description: 'Knows the stock',
  tools: [checkStock],
  run: async function* ({ messages, signal }) {
    const runner = new Runner({
      // Its default is the Responses API; this works with every compatible server.
      modelProvider: new OpenAIProvider({ useResponses: false }),
      // Or it sends what it does to OpenAI.
      tracingDisabled: true,
    });
    const conversation = messages.flatMap((message) => {
      if (message.role === 'tool' || message.text === '') return [];
      return message.role === 'user' ? user(message.text) : assistant(message.text);
    });
    const stream = await runner.run(clerk, conversation, { stream: true, signal });
    for await (const event of stream) {
      if (event.type === 'raw_model_stream_event') {
        if (event.data.type === 'output_text_delta') yield { type: 'text.delta', delta: event.data.delta };
        if (event.data.type === 'response_done') {
          const { inputTokens, outputTokens } = event.data.response.usage;
          yield { type: 'usage', model: MODEL, usage: { inputTokens, outputTokens } };
        }
      }
      if (event.type !== 'run_item_stream_event') continue;
      const { item } = event;
      if (item.type === 'tool_call_item' && item.rawItem.type === 'function_call') {
        const { callId, arguments: input } = item.rawItem;
        yield { type: 'tool.called', callId, tool: 'check_stock', input: JSON.parse(input) };
      }
      if (item.type === 'tool_call_output_item' && item.rawItem.type === 'function_call_result') {
        const { callId } = item.rawItem;
        // The SDK tells the model of a failure in words, and tells us the same.
        if (typeof item.output === 'string') yield { type: 'tool.failed', callId, error: { message: item.output } };
        else yield { type: 'tool.completed', callId, output: item.output as Awaited<ReturnType<typeof askWarehouse>> };
      }
    }
    // What went wrong besides an abort.
    await stream.completed;
  },
});
