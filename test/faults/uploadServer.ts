import { defineAgent, offline } from '../../src/index.ts';
import { createServer } from '../../src/server/createServer.ts';

/** A server on the file that it is told, in a process of its own. Prints its port. */
const server = await createServer({
  agents: { bot: defineAgent({ description: 'bot', model: offline() }) },
  database: process.argv[2] ?? '',
});
const { port } = await server.listen({ port: 0 });
console.log(port);
