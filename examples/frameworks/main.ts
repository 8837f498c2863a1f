import { createServer, type InferApi } from 'verbatim-agents';
import { createClient } from 'verbatim-agents/client';

// npx jiti examples/frameworks/main.ts langGraph|openaiAgents|aiSdk "Are there pens?"
const [, , framework = 'openaiAgents', text = 'Are there pens?'] = process.argv;
const { clerkAgent } = (await import(`./${framework}.ts`)) as typeof import('./openaiAgents.ts');
const agents = { clerk: clerkAgent };

const server = await createServer({ agents });
const { url } = await server.listen({ port: 0 });
const client = createClient<InferApi<typeof agents>>({ url });

const run = await client.send({ agent: 'clerk', text });
for await (const event of run) {
  if (event.type === 'tool.called') console.log(`looks for ${event.input.item}`);
  if (event.type === 'tool.completed') console.log(`there are ${event.output.count}`);
  if (event.type === 'text.delta') process.stdout.write(event.delta);
}
const { status, usage, error } = await run.result();
console.log(`\n${status}, ${usage.inputTokens} tokens in, ${usage.outputTokens} out${error === undefined ? '' : `: ${error.message}`}`);
await client.close();
await server.close();
