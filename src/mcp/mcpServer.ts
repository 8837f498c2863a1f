import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../protocol/principal.ts';
import { ownerOf } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { rateLimitHeaders } from '../server/limits/rateLimitHeaders.ts';
import type { McpEndpoint } from '../server/mcpEndpoint.ts';
import type { McpHost } from '../server/mcpHost.ts';
import { whenOver } from '../server/whenOver.ts';
import { McpSession } from './mcpSession.ts';
import { McpSessions } from './mcpSessions.ts';
import { rpcErrorOf } from './rpcError.ts';
import { servedAgents } from './servedAgents.ts';

/** Each can be set by the option of the same name. */
export const MCP_SERVER_DEFAULTS = {
  /** In all. With no room, and no idle one of the caller's to end, a new one is refused with 503. */
  maxSessions: 1_000,
  /** Of one principal: a new one ends the one that was idle longest. */
  maxSessionsPerPrincipal: 100,
  /** A session without a request for so long is ended; its client begins another. */
  sessionIdleMs: 30 * 60_000,
} as const;

export type McpServerOptions = { readonly [Limit in keyof typeof MCP_SERVER_DEFAULTS]?: number } & {
  /** Those that are served. Default: all. */
  readonly agents?: readonly string[];
  /** Default `/mcp`. */
  readonly path?: string;
  /** How clients see the server. Default `verbatim`. */
  readonly name?: string;
};

/**
 * Serves agents as tools over MCP's streamable HTTP: `createServer({ mcp: mcpServer() })`. A caller is who its `Authorization` header says, at
 * each request; its threads are its own. A call answers when its run has ended. `notifications/cancelled` cancels the run. A connection that is
 * lost, a session that ends and a server that closes do not, but for agents with `onDisconnect: 'cancel'`.
 */
export function mcpServer(options: McpServerOptions = {}): McpEndpoint {
  const { agents, path = '/mcp' } = options;
  return {
    path,
    check: (all) => void servedAgents(all, agents),
    serve: (host) => serveMcp(host, path, options),
  };
}

async function serveMcp(
  host: McpHost,
  path: string,
  { agents, name = 'verbatim', ...limits }: McpServerOptions,
): Promise<() => Promise<void>> {
  const tools = servedAgents(host.agents, agents);
  const sessions = new McpSessions({ ...MCP_SERVER_DEFAULTS, ...limits, clock: host.clock });

  await host.app.register(async (scope) => {
    scope.removeContentTypeParser('application/json');
    // As text: it is looked at before it is parsed.
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    scope.setErrorHandler((error, _request, reply) => {
      const { code, message, status } = rpcErrorOf(error);
      if (status === 500) host.logger.error({ err: error }, 'an MCP request failed');
      if (status === 401) reply.header('www-authenticate', 'Bearer');
      if (error instanceof VerbatimError) reply.headers(rateLimitHeaders(error));
      return reply.code(status).send({ jsonrpc: '2.0', error: { code, message }, id: null });
    });
    scope.route({ method: ['POST', 'DELETE'], url: path, handler: exchange });
    // There is nothing to tell outside of an answer.
    scope.get(path, (_request, reply) => reply.code(405).header('allow', 'POST, DELETE').send());
  });

  async function exchange(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (host.closing.aborted) throw new VerbatimError('SHUTTING_DOWN', 'The server is shutting down. Try again in a moment.');
    const caller = await host.identify(request.raw);
    const body = request.method === 'POST' ? parseBody(request.body, host) : undefined;
    const session = sessionOf(request.headers['mcp-session-id'], body, caller.principal);
    const done = sessions.use(session);
    const gone = new AbortController();
    const left = host.enter(caller);
    const headers = { ...reply.getHeaders(), 'access-control-expose-headers': 'mcp-session-id' };
    const response = reply.hijack().raw;
    // What lets a page of another origin read the answer: a hijacked reply does not send it itself.
    for (const [header, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(header, value);
    const end = (): void => {
      gone.abort();
      left();
      done();
    };
    // It may have gone while it was asked who it is.
    whenOver(response, end);
    try {
      await session.handle({ caller, response, gone: gone.signal }, body);
    } catch (cause) {
      host.logger.error({ err: cause }, 'an MCP request failed');
      response.destroy();
    }
    // It was refused before it began.
    if (session.id === undefined) await session.close();
  }

  function sessionOf(id: string | string[] | undefined, body: unknown, principal: Principal): McpSession {
    if (id !== undefined) {
      const session = sessions.get(String(id), ownerOf(principal));
      if (session === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such session. Begin another.');
      return session;
    }
    if (!isInitializeRequest(body)) {
      throw new VerbatimError('BAD_INPUT', 'Begin with `initialize`, and send the header Mcp-Session-Id from then on.');
    }
    sessions.makeRoom(ownerOf(principal));
    return new McpSession({
      host,
      principalId: ownerOf(principal),
      tools,
      name,
      onOpen: (session) => sessions.add(session),
      onDelete: (session) => sessions.end(session),
    });
  }

  return () => sessions.close();
}

function parseBody(body: unknown, host: McpHost): unknown {
  if (typeof body !== 'string') throw new VerbatimError('BAD_INPUT', 'There is no body.');
  if (host.isTooDeep(body)) throw new VerbatimError('BAD_INPUT', `The request nests deeper than ${host.limits.maxFrameDepth} levels.`);
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new VerbatimError('BAD_INPUT', 'The request is not valid JSON.', { cause });
  }
}
