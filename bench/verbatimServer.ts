import { createServer, defineAgent, type Model } from '../src/index.ts';
import { reportToParent } from './serverProcess.ts';
import { streamTokens, type TokenSchedule } from './tokenStream.ts';

/** A whole Verbatim server on a database file: what an application would run, but for a model that speaks on schedule. */
const [, , database = ':memory:'] = process.argv;

const scheduled: Model = {
  name: 'scheduled',
  async *stream({ messages }, { signal }) {
    const asked = messages.at(-1);
    const schedule: TokenSchedule = JSON.parse(asked?.role === 'user' ? asked.text : '');
    for await (const delta of streamTokens(schedule, signal)) yield { type: 'text', delta };
    yield { type: 'finish', finish: 'stop', toolCalls: [] };
  },
};

const server = await createServer({
  agents: { scheduled: defineAgent({ description: 'Speaks on schedule', model: scheduled }) },
  database,
  limits: { maxRuns: 100_000, maxRunsPerPrincipal: 100_000 },
});
const { port } = await server.listen({ port: 0 });
reportToParent(port);
