import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import OpenAI from 'openai';
import { type AgentEvent, defineAgent } from 'verbatim-agents';
import { askWarehouse, checkStock } from './warehouse.ts';

type Message = OpenAI.ChatCompletionMessageParam;
/** What the nodes write to the graph's custom stream. */
type Written = AgentEvent<readonly [typeof checkStock], Record<never, never>>;

const MODEL = 'gpt-5-mini';
const State = Annotation.Root({
  messages: Annotation<Message[]>({ reducer: (before, more) => [...before, ...more], default: () => [] }),
});
const { name, description, inputSchema: parameters } = checkStock;

const graph = new StateGraph(State)
  .addNode('model', async ({ messages }, { writer, signal }) => {
    const request = { model: MODEL, messages, stream_options: { include_usage: true } };
    const stream = new OpenAI().chat.completions.stream(
      { ...request, tools: [{ type: 'function', function: { name, description, parameters } }] },
      { signal: signal ?? null },
    );
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta.content;
      if (delta) writer?.({ type: 'text.delta', delta } satisfies Written);
    }
    const { choices, usage } = await stream.finalChatCompletion();
    const counted = { inputTokens: usage?.prompt_tokens ?? 0, outputTokens: usage?.completion_tokens ?? 0 };
    writer?.({ type: 'usage', model: MODEL, usage: counted } satisfies Written);
    return { messages: choices.map((choice) => choice.message) };
  })
  .addNode('tools', async ({ messages }, { writer, signal }) => {
    const results = callsOf(messages.at(-1)).map(async ({ id, function: called }): Promise<Message> => {
      const input = checkStock.parseInput(JSON.parse(called.arguments));
      if (!input.ok) return { role: 'tool', tool_call_id: id, content: input.issues };
      const { item } = input.value as { item: string };
      writer?.({ type: 'tool.called', callId: id, tool: 'check_stock', input: { item } } satisfies Written);
      const output = await askWarehouse({ item }, signal);
      writer?.({ type: 'tool.completed', callId: id, output } satisfies Written);
      return { role: 'tool', tool_call_id: id, content: JSON.stringify(output) };
    });
    return { messages: await Promise.all(results) };
  })
  .addEdge(START, 'model')
  .addConditionalEdges('model', ({ messages }) => (callsOf(messages.at(-1)).length > 0 ? 'tools' : END))
  .addEdge('tools', 'model')
  .compile();

function callsOf(message: Message | undefined): OpenAI.ChatCompletionMessageFunctionToolCall[] {
  return message?.role === 'assistant' ? (message.tool_calls ?? []).filter((call) => call.type === 'function') : [];
}

/** A graph of LangGraph.js as an agent of Verbatim: what its nodes write becomes the run's events. */
export const clerkAgent = defineAgent({
  description: 'Knows the stock',
  tools: [checkStock],
  run: async function* ({ messages, signal }) {
    const conversation = messages.flatMap((message): Message[] => {
      if (message.role === 'tool' || message.text === '') return [];
      return [{ role: message.role, content: message.text }];
    });
    yield* (await graph.stream({ messages: conversation }, { streamMode: 'custom', signal })) as AsyncIterable<Written>;
  },
});
