import { createServer } from 'verbatim-agents';
import { agents } from './agents.ts';

// `npm start` serves the built page; in development Vite has it, and the console of the server is here.
const isBuilt = process.argv.includes('--page');

const server = await createServer({
  agents,
  database: process.env.DATABASE ?? 'file:verbatim.db',
  ...(isBuilt && { page: 'dist' }),
});
const { url } = await server.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(isBuilt ? `The page is at ${url}` : `The console is at ${url}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Runs that are open go on at the next start: in development that is a moment later.
  process.once(signal, () => void server.close(isBuilt ? {} : { drainMs: 0 }));
}
