import { createServer } from 'verbatim-agents';
import { createClient } from 'verbatim-agents/client';
import { type Api, agents } from './agents.ts';

// Server and client in one process, to be short. Wants OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server of your own.
const server = await createServer({ agents });
const { url } = await server.listen({ port: 0 });
const client = createClient<Api>({ url });

const run = await client.send({ agent: 'support', text: 'Where is order 42?', context: { shop: 'Blue Bikes' } });
for await (const event of run) {
  switch (event.type) {
    case 'tool.called':
      // Typed by the tool: `event.input` of lookup_order has an orderId, that of refund an amount too.
      if (event.tool === 'lookup_order') console.log(`looks up order ${event.input.orderId}`);
      else console.log(`refunds ${event.input.amount} of order ${event.input.orderId}`);
      break;
    case 'tool.completed':
      if (event.tool === 'lookup_order') console.log(`it is ${event.output.status}`);
      break;
    case 'text.delta':
      process.stdout.write(event.delta);
      break;
  }
}
const result = await run.result();
console.log(result.error === undefined ? '' : `${result.error.code}: ${result.error.message}`);
await client.close();
await server.close();
