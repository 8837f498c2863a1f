import { createClient } from 'verbatim-agents/client';
// A type and nothing else: no line of the server reaches the client.
import type { Api } from './server.ts';

const client = createClient<Api>({ url: process.env.VERBATIM_URL ?? 'http://127.0.0.1:3000' });
const run = await client.send({ agent: 'assistant', text: process.argv[2] ?? 'count to 40' });

// Goes on across lost connections and restarts of the server: each event once, in order.
for await (const event of run) {
  if (event.type === 'text.delta') process.stdout.write(event.delta);
  if (event.type === 'message.discarded') process.stdout.write('\n(a crash took this text back; it is written again)\n');
}
const { status, usage } = await run.result();
console.log(`\n${status}, ${usage.outputTokens} tokens`);
await client.close();
