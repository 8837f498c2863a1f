import { createServer, defineAgent, type InferApi, offline } from 'verbatim-agents';

// `offline()` is built in and needs no key. With one: `openai('gpt-5-mini')`.
const agents = {
  assistant: defineAgent({ description: 'Counts, and says what it is', model: offline() }),
};
export type Api = InferApi<typeof agents>;

const server = await createServer({ agents, database: process.env.VERBATIM_DB ?? 'file:verbatim.db' });
const { url } = await server.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`listening on ${url}`);
process.once('SIGTERM', () => server.close());
process.once('SIGINT', () => server.close());
