import { createServer, defineAgent, defineTool, type InferApi } from 'verbatim-agents';
import { createClient } from 'verbatim-agents/client';
import { z } from 'zod';

// An agent of your own is any async generator of events: wrap another framework, a workflow, or no model at all.
const search = defineTool({
  name: 'search',
  description: 'Searches the handbook',
  input: z.object({ query: z.string() }),
  output: z.array(z.string()),
  execute: ({ query }) => [`Handbook: ${query}`],
});

const agents = {
  researcher: defineAgent({
    description: 'Looks something up and cites it',
    tools: [search],
    data: { citation: z.object({ page: z.number() }) },
    run: async function* ({ text, signal, status }) {
      status('searching');
      // Its tool events become the same durable events as those of a model's agent. Verbatim does not call the tool: the generator does.
      yield { type: 'tool.called', callId: 'search-1', tool: 'search', input: { query: text } };
      const found = [`Handbook: ${text}`];
      yield { type: 'tool.completed', callId: 'search-1', output: found };
      yield { type: 'data', name: 'citation', data: { page: 7 } };
      for (const word of `I found ${found.length} page about "${text}".`.split(/(?<= )/)) {
        // A cancelled or timed-out run ends the generator; long work of its own should heed the signal too.
        signal.throwIfAborted();
        yield { type: 'text.delta', delta: word };
      }
    },
  }),
};

const server = await createServer({ agents });
const { url } = await server.listen({ port: 0 });
const client = createClient<InferApi<typeof agents>>({ url });

for await (const event of await client.send({ agent: 'researcher', text: 'holidays' })) {
  if (event.type === 'run.status') console.log(`(${event.text})`);
  if (event.type === 'tool.completed') console.log(`found: ${event.output.join(', ')}`);
  if (event.type === 'data') console.log(`cites page ${event.data.page}`);
  if (event.type === 'text.delta') process.stdout.write(event.delta);
}
console.log();
await client.close();
await server.close();
