import { createClient } from 'verbatim-agents/client';
import type { Api } from './agents.ts';

// npm run ask -- "Where is order 42?"
const client = createClient<Api>({ url: process.env.VERBATIM_URL ?? `http://127.0.0.1:${process.env.PORT ?? 3000}` });
const run = await client.send({ agent: 'support', text: process.argv[2] ?? 'count to 20' });

// Goes on across lost connections and restarts of the server: each event once, in order.
for await (const event of run) {
  if (event.type === 'text.delta') process.stdout.write(event.delta);
  // `event.input.orderId` is a string: the types come from the tool.
  if (event.type === 'tool.called' && event.tool === 'lookup_order') console.log(`(looks up order ${event.input.orderId})`);
}
const { status, usage, error } = await run.result();
console.log(`\n${error?.message ?? `${status}, ${usage.outputTokens} tokens`}`);
await client.close();
