import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  CallToolResultSchema,
  ListToolsResultSchema,
  type Progress,
  ToolListChangedNotificationSchema,
  type Tool as WireTool,
} from '@modelcontextprotocol/sdk/types.js';
import { abortable, abortableDelay } from '../agents/models/abortable.ts';
import type { JsonObject } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Logger } from '../server/serverOptions.ts';
import { callWire } from './boundedFetch.ts';
import { IDEMPOTENCY_KEY } from './idempotencyKey.ts';
import { ServerProcess } from './serverProcess.ts';

export interface McpConnectionOptions {
  readonly name: string;
  readonly logger: Logger;
  readonly connectTimeoutMs: number;
  readonly maxTools: number;
  openTransport(): Transport;
  /** The server has other tools now. */
  onTools(tools: readonly WireTool[]): void;
}

export interface McpCall {
  readonly tool: string;
  readonly callId: string;
  readonly input: JsonObject;
  readonly signal: AbortSignal;
  /** It may be made again when nobody knows whether it was carried out. */
  readonly repeatable: boolean;
  onProgress(progress: Progress): void;
}

/** Before the second and the third attempt to connect. */
const BACKOFF_MS = [250, 1_000];
/** What a parser may still have of a stream that is over. */
const LAST_WORDS_MS = 250;
/** The tool's own time limit aborts the call; the SDK's is put out of the way. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_PAGES = 100;
/** What says that no request arrived: the session or the server is not there. */
const NOT_TAKEN_STATUS: ReadonlySet<number | undefined> = new Set([400, 404, 410]);
const NOT_TAKEN_CODE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** A connection to one MCP server that comes back: who calls when it is gone connects anew, with a few attempts, together with all others. */
export class McpConnection {
  readonly #options: McpConnectionOptions;
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #listing: Promise<void> | undefined;
  #listAgain = false;
  /** What ended a connection, where more is known than that it ended. */
  readonly #failures = new WeakMap<Client, VerbatimError>();

  constructor(options: McpConnectionOptions) {
    this.#options = options;
  }

  get instructions(): string | undefined {
    return this.#client?.getInstructions();
  }

  /** Resolves when there is a connection and its tools are known. Throws `TOOL_FAILED`, retryable, when none can be had. */
  connected(): Promise<Client> {
    if (this.#closing.signal.aborted)
      return Promise.reject(new VerbatimError('TOOL_FAILED', `The connection to ${this.#options.name} was closed.`));
    if (this.#client !== undefined) return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Calls a tool. Throws `OUTCOME_UNKNOWN` when the connection went while it was carried out. Its signal tells the server to stop. */
  async call(call: McpCall): Promise<CallToolResult> {
    let reconnected = false;
    let repeated = !call.repeatable;
    for (;;) {
      const client = await abortable(this.connected(), call.signal);
      try {
        return await this.#request(client, call);
      } catch (cause) {
        if (call.signal.aborted) throw cause;
        if (wasNotTaken(cause)) {
          await this.#drop(client);
          if (reconnected) throw this.#unreachable(cause);
          reconnected = true;
        } else if (isCut(cause) || client.transport === undefined) {
          if (repeated) throw this.#failures.get(client) ?? this.#outcomeUnknown(cause);
          repeated = true;
        } else throw cause;
      }
    }
  }

  /** Ends it, and the server's process. Calls under way fail. */
  async close(): Promise<void> {
    this.#closing.abort(new VerbatimError('TOOL_FAILED', `The connection to ${this.#options.name} was closed.`));
    await this.#connecting?.catch(() => {});
    const client = this.#client;
    if (client !== undefined) await this.#drop(client);
    await this.#listing?.catch(() => {});
  }

  async #connect(): Promise<Client> {
    const { signal } = this.#closing;
    for (const delayMs of [...BACKOFF_MS, undefined]) {
      try {
        return await this.#connectOnce();
      } catch (cause) {
        signal.throwIfAborted();
        if (delayMs === undefined || !isWorthAnother(cause)) throw this.#unreachable(cause);
        // Not in step with others whose server went at the same moment.
        await abortableDelay(delayMs * (0.5 + Math.random() / 2), signal);
      }
    }
    throw new Error('unreachable: the last attempt returns or throws');
  }

  async #connectOnce(): Promise<Client> {
    const { connectTimeoutMs: timeout, logger, name } = this.#options;
    const transport = this.#options.openTransport();
    const client = new Client({ name: 'verbatim', version: '1' });
    client.onerror = (error) => this.#heed(client, error);
    client.onclose = () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      logger.warn({ server: name, ...stderrOf(transport) }, 'the connection to an MCP server is gone');
    };
    try {
      await abortable(client.connect(transport, { timeout }), this.#closing.signal);
      const tools = await this.#list(client);
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.#refresh(client));
      this.#options.onTools(tools);
    } catch (cause) {
      await client.close().catch(() => {});
      await transport.close().catch(() => {});
      if (transport instanceof ServerProcess && transport.missing) throw new CommandMissing(transport.stderr);
      if (!(cause instanceof VerbatimError))
        logger.warn({ server: name, err: cause, ...stderrOf(transport) }, 'an MCP server could not be reached');
      throw cause;
    }
    this.#client = client;
    return client;
  }

  /** All pages. A server without tools has none. */
  async #list(client: Client): Promise<readonly WireTool[]> {
    if (client.getServerCapabilities()?.tools === undefined) return [];
    const { connectTimeoutMs: timeout, maxTools, name } = this.#options;
    const { signal } = this.#closing;
    const tools: WireTool[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const result = await client.request({ method: 'tools/list', params }, ListToolsResultSchema, { signal, timeout });
      tools.push(...result.tools);
      if (tools.length > maxTools) break;
      cursor = result.nextCursor;
      if (cursor === undefined) return tools;
    }
    throw new VerbatimError('CONFIG_INVALID', `${name} has more than ${maxTools} tools. Raise maxTools, or connect to less of it.`);
  }

  /** One listing at a time, and at most one more waits, however often the server says that something changed. */
  #refresh(client: Client): void {
    if (this.#listing !== undefined) {
      this.#listAgain = true;
      return;
    }
    this.#listing = this.#list(client)
      .then((tools) => this.#options.onTools(tools))
      .catch((cause: unknown) => {
        if (this.#client === client)
          this.#options.logger.warn({ server: this.#options.name, err: cause }, 'the tools of an MCP server could not be listed');
      })
      .finally(() => {
        this.#listing = undefined;
        if (!this.#listAgain) return;
        this.#listAgain = false;
        if (this.#client === client) this.#refresh(client);
      });
  }

  async #request(client: Client, { tool, callId, input, signal, onProgress }: McpCall): Promise<CallToolResult> {
    const own = new AbortController();
    let lastWords: NodeJS.Timeout | undefined;
    let resumable = false;
    const params = { name: tool, arguments: { ...input }, _meta: { [IDEMPOTENCY_KEY]: callId } };
    try {
      return await new Promise<CallToolResult>((resolve, reject) => {
        const ended = (cause: unknown): void => {
          if (cause instanceof VerbatimError) reject(cause);
          // The SDK asks for the rest of a stream that it can resume.
          if (!resumable) lastWords = setTimeout(() => reject(new CutOff({ cause })), LAST_WORDS_MS);
        };
        callWire.run({ ended }, () => {
          client
            .request({ method: 'tools/call', params }, CallToolResultSchema, {
              signal: AbortSignal.any([signal, own.signal]),
              timeout: NO_TIMEOUT_MS,
              onprogress: onProgress,
              onresumptiontoken: () => {
                resumable = true;
              },
            })
            .then(resolve, reject);
        });
      });
    } catch (cause) {
      // Lets the SDK forget the request, and the server stop.
      own.abort('The call was given up.');
      throw cause;
    } finally {
      clearTimeout(lastWords);
    }
  }

  #heed(client: Client, error: Error): void {
    if (error instanceof VerbatimError) this.#failures.set(client, error);
    // Without this what waits for an answer on that stream would wait until its time is up.
    if (/Maximum reconnection attempts/.test(error.message)) void this.#drop(client);
  }

  async #drop(client: Client): Promise<void> {
    if (this.#client === client) this.#client = undefined;
    await client.close().catch((cause: unknown) => {
      this.#options.logger.warn({ server: this.#options.name, err: cause }, 'an MCP server did not close');
    });
  }

  #unreachable(cause: unknown): VerbatimError {
    const { name } = this.#options;
    if (cause instanceof VerbatimError) return cause;
    if (cause instanceof CommandMissing) return new VerbatimError('CONFIG_INVALID', `The command of ${name} is not there.`, { cause });
    return new VerbatimError('TOOL_FAILED', `${name} cannot be reached. The call was not carried out.`, { retryable: true, cause });
  }

  #outcomeUnknown(cause: unknown): VerbatimError {
    const message = `The connection to ${this.#options.name} went during the call. It is not known whether it was carried out.`;
    return new VerbatimError('OUTCOME_UNKNOWN', message, { cause });
  }
}

/** The stream that was to bring an answer ended without it. */
class CutOff extends Error {
  constructor(options: ErrorOptions) {
    super('The answer was cut off.', options);
  }
}

class CommandMissing extends Error {}

function wasNotTaken(cause: unknown): boolean {
  if (cause instanceof StreamableHTTPError) return NOT_TAKEN_STATUS.has(cause.code);
  if (!(cause instanceof Error)) return false;
  if (cause.message === 'Not connected') return true;
  const { code } = (cause.cause ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && NOT_TAKEN_CODE.has(code);
}

/** The request may have arrived, and no answer came. */
function isCut(cause: unknown): boolean {
  return cause instanceof CutOff || (cause instanceof TypeError && cause.cause !== undefined);
}

/** A refusal stays one; anything else may be a server that is just starting. */
function isWorthAnother(cause: unknown): boolean {
  if (cause instanceof VerbatimError || cause instanceof CommandMissing) return false;
  return !(cause instanceof StreamableHTTPError && cause.code !== undefined && cause.code >= 400 && cause.code < 500);
}

function stderrOf(transport: Transport): { readonly stderr?: string } {
  return transport instanceof ServerProcess && transport.stderr !== '' ? { stderr: transport.stderr } : {};
}
