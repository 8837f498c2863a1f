import { createServer, defineAgent, type Limits, type Model, type ModelChunk } from 'verbatim-agents';
import { computeHere, computeInWorker } from './computeTools.ts';
import { reportToParent } from './serverProcess.ts';
import { streamTokens, type TokenSchedule } from './tokenStream.ts';

/**
 * Verbatim as it is run: the built package on a file, with owners of threads, pings and default limits but for those that a plan passes on
 * purpose. Only the model is not a real one: it speaks on schedule. Arguments: the database file, limits as JSON, and
 * `open` for a server that knows nobody, bounds nobody and counts nothing.
 */
const [, , database = ':memory:', limits = '{}', trust = 'guarded'] = process.argv;
const raisedLimits: Partial<Limits> = JSON.parse(limits);

/** All of the load comes from one address, as few principals. What bounds callers is counted as it is elsewhere, and never reached. */
const ONE_LOAD: Partial<Limits> = {
  handshakesPerMinute: 1e9,
  maxConnections: 1e9,
  maxConnectionsPerAddress: 1e9,
  maxConnectionsPerPrincipal: 1e9,
  maxUnauthenticatedSockets: 1e9,
  messagesPerMinute: 1e9,
  messagesPerHour: 1e9,
  maxThreadsPerPrincipal: 1e9,
  tokensPerDay: 1e15,
};

/** Not an object literal: V8 came to allocate those in the old generation here, which is the model's waste and not the server's. */
class TextChunk {
  readonly type = 'text';
  readonly delta: string;

  constructor(delta: string) {
    this.delta = delta;
  }
}

const scheduled: Model = {
  name: 'scheduled',
  stream({ messages }, { signal }) {
    const asked = messages.at(-1);
    const schedule: TokenSchedule = JSON.parse(asked?.role === 'user' ? asked.text : '');
    return streamTokens<ModelChunk>(schedule, { signal, chunk: (delta) => new TextChunk(delta) });
  },
};

/** Asks for the agent's tool with the message as its input. */
const calling: Model = {
  name: 'calling',
  async *stream({ messages, tools }) {
    const asked = messages.at(-1);
    const toolCalls = asked?.role === 'user' ? [{ tool: tools[0]?.name ?? '', arguments: asked.text }] : [];
    yield { type: 'finish', finish: toolCalls.length === 0 ? 'stop' : 'tool_calls', toolCalls };
  },
};

const startedMs = performance.now();
const server = await createServer({
  agents: {
    scheduled: defineAgent({ description: 'Speaks on schedule', model: scheduled }),
    computing: defineAgent({ description: 'Computes in a worker', model: calling, tools: [computeInWorker] }),
    computingHere: defineAgent({ description: 'Computes where it is', model: calling, tools: [computeHere] }),
  },
  database,
  ...(trust === 'open'
    ? { metrics: false, limits: { maxRunsPerPrincipal: Number.POSITIVE_INFINITY, ...raisedLimits } }
    : { authenticate: ({ token }) => (token === undefined ? undefined : { id: token }), limits: { ...ONE_LOAD, ...raisedLimits } }),
});
const { port } = await server.listen({ port: 0 });
reportToParent({ port, bootMs: performance.now() - startedMs }, () => server.stats);
