import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolRequest,
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Caller } from '../server/auth/caller.ts';
import type { McpHost } from '../server/mcpHost.ts';
import { callAgent, refusal } from './callAgent.ts';
import { IDEMPOTENCY_KEY } from './idempotencyKey.ts';
import { resolvesWithin } from './resolvesWithin.ts';
import type { ServedAgents } from './servedAgents.ts';

/** The HTTP exchange that brought a message: who sent it, and where its answer goes. */
export interface Exchange {
  readonly caller: Caller;
  readonly response: ServerResponse;
  /** Aborts when the connection is closed. */
  readonly gone: AbortSignal;
}

export interface McpSessionOptions {
  readonly host: McpHost;
  readonly principalId: string;
  readonly tools: ServedAgents;
  /** How clients see the server. */
  readonly name: string;
  /** It has its id now. */
  onOpen(session: McpSession): void;
  /** Its client ends it: resolves when it is closed. */
  onDelete(session: McpSession): Promise<void>;
}

/** How long answers may take to leave when a session ends. */
const CLOSE_GRACE_MS = 1_000;

/** The SDK's handlers are not told of the HTTP exchange: it reaches them beside it. */
const exchanges = new AsyncLocalStorage<Exchange>();

/** One MCP client: the SDK's server and its transport, with the agents as tools. Whoever makes it closes it. */
export class McpSession {
  readonly principalId: string;
  readonly #options: McpSessionOptions;
  readonly #transport: StreamableHTTPServerTransport;
  readonly #server: Server;
  /** The answers to calls that are under way. */
  readonly #answers = new Set<Promise<unknown>>();
  readonly #ended = new AbortController();

  constructor(options: McpSessionOptions) {
    const { name, principalId, tools } = options;
    this.principalId = principalId;
    this.#options = options;
    this.#transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: () => options.onOpen(this),
      onsessionclosed: () => options.onDelete(this),
    });
    this.#server = new Server({ name, version: '1' }, { capabilities: { tools: {} } });
    this.#server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: tools.list.filter(({ name: tool }) => this.#agentOf(tool) !== undefined),
    }));
    this.#server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => this.#call(params, extra));
  }

  /** Absent until its client has begun it. */
  get id(): string | undefined {
    return this.#transport.sessionId;
  }

  async handle(exchange: Exchange, body: unknown): Promise<void> {
    // The SDK's types were not written for exactOptionalPropertyTypes.
    if (this.#server.transport === undefined) await this.#server.connect(this.#transport as Transport);
    await exchanges.run(exchange, () => this.#transport.handleRequest(exchange.response.req, exchange.response, body));
  }

  /** Answers the calls that are under way, and ends. Their runs go on. */
  async close(): Promise<void> {
    this.#ended.abort();
    await resolvesWithin(Promise.all(this.#answers), CLOSE_GRACE_MS);
    await this.#server.close();
  }

  #call(params: CallToolRequest['params'], extra: RequestHandlerExtra<ServerRequest, ServerNotification>): Promise<CallToolResult> {
    const { host } = this.#options;
    const agent = this.#agentOf(params.name);
    if (agent === undefined) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${params.name}.`);
    const exchange = exchanges.getStore();
    if (exchange === undefined) throw new Error('a call came without its request');
    const { caller, response, gone } = exchange;
    const key: unknown = extra._meta?.[IDEMPOTENCY_KEY];
    const progressToken = extra._meta?.progressToken;
    const cancelled = new AbortController();
    extra.signal.addEventListener('abort', () => {
      // When a session ends this comes too, but then the call has been answered.
      cancelled.abort();
      // The SDK answers nothing from here on, and would leave the answer open.
      this.#transport.closeSSEStream(extra.requestId);
    });
    const answered = new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
    if (!gone.aborted) this.#answers.add(answered);
    answered.then(() => this.#answers.delete(answered));
    return callAgent({
      agent,
      arguments: params.arguments ?? {},
      idempotencyKey: typeof key === 'string' ? key : undefined,
      caller: host.as(caller),
      cancelled: cancelled.signal,
      gone: AbortSignal.any([gone, this.#ended.signal]),
      onProgress: (report) => {
        // Whoever does not read needs no progress.
        if (progressToken === undefined || response.writableNeedDrain) return;
        extra.sendNotification({ method: 'notifications/progress', params: { progressToken, ...report } }).catch(() => {});
      },
    }).catch((cause: unknown) => this.#failure(cause));
  }

  /** The agent behind a tool, if whoever asks now may use it. */
  #agentOf(tool: string): string | undefined {
    const { host, tools } = this.#options;
    const agent = tools.agentOf(tool);
    const caller = exchanges.getStore()?.caller;
    return agent !== undefined && caller !== undefined && host.maySendTo(caller.principal, agent) ? agent : undefined;
  }

  #failure(cause: unknown): CallToolResult {
    if (cause instanceof VerbatimError) return refusal(cause);
    this.#options.host.logger.error({ err: cause }, 'an MCP call failed');
    return refusal(new VerbatimError('INTERNAL', 'Something went wrong inside the server.'));
  }
}
