import type { Tool as WireTool } from '@modelcontextprotocol/sdk/types.js';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type Logger, silentLogger } from '../server/serverOptions.ts';
import { checkMcpOptions } from './checkMcpOptions.ts';
import type { McpAddress } from './mcpAddress.ts';
import { McpConnection } from './mcpConnection.ts';
import type { McpTool, McpToolPolicy } from './mcpTool.ts';
import { openTransport } from './openTransport.ts';
import { serverTool } from './serverTool.ts';
import { findCollision } from './toolName.ts';

/** Each can be set by the option of the same name. */
export const MCP_TOOLS_DEFAULTS = {
  /** Tools that one server may have. */
  maxTools: 1_000,
  /** One message of the server, such as an answer with a file in it. More fails the call with `OUTPUT_TOO_LARGE`. */
  maxMessageBytes: 32 * 1024 * 1024,
  /** One attempt to connect, of three. A command that installs itself first needs more than a server that is there. */
  connectTimeoutMs: 30_000,
  /** How long a process may take to end by itself when its input ends, and again when it is told to; then it is killed. */
  closeGraceMs: 2_000,
} as const;

export type McpToolsOptions<Name extends string = string> = McpAddress &
  McpToolPolicy & {
    /** The server's, in the names of its tools (`github__create_issue`), in errors and in the log: 1 to 32 letters, digits, `_` or `-`. */
    readonly name: Name;
    /** Its only tools that are to be had, by the server's names. Default: all. */
    readonly include?: readonly string[];
    /** By the server's name of a tool: what goes before the options that hold for all. */
    readonly tools?: { readonly [tool: string]: McpToolPolicy };
    /**
     * Whether what the server says of its tools is believed: one that only reads or is idempotent may be called again after a crash, one that
     * says it destroys needs an approval, others need none. Default true; `false` for a server of others: then no tool is idempotent, and each
     * needs an approval, unless the options say otherwise.
     */
    readonly trustHints?: boolean;
    /** Lines for the operator: connections that went, tools that were left out, the end of what a process wrote to stderr. */
    readonly logger?: Logger;
  } & { readonly [Limit in keyof typeof MCP_TOOLS_DEFAULTS]?: number };

/** The tools of one MCP server. */
export interface McpTools<Name extends string = string> extends AsyncDisposable {
  /** Those that it has now, by its last list. For an agent that is to see changes: `tools: () => github.tools()`. */
  tools(): readonly McpTool<Name>[];
  /** How the server says its tools are to be used: put it into an agent's instructions if you trust it. */
  readonly instructions: string | undefined;
  /** Ends the connection, and the process of a command with all that it started. Calls under way fail. For the server's `onStop`. */
  close(): Promise<void>;
}

/**
 * Connects to an MCP server and brings its tools. Throws `TOOL_FAILED`, retryable, when it cannot be reached, and `CONFIG_INVALID` for options
 * that cannot work; a `TypeError` for those that there are not. A connection that is lost later is made anew by the next call. A call that was under way then fails with `OUTCOME_UNKNOWN`,
 * unless its tool is idempotent: it is made once more.
 */
export async function mcpTools<const Name extends string>(options: McpToolsOptions<Name>): Promise<McpTools<Name>> {
  checkMcpOptions(options);
  const { name, include, trustHints = true, logger = silentLogger } = options;
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(name))
    throw invalid(`The name "${name}" of an MCP server must be 1 to 32 letters, digits, "_" or "-".`);
  const limits = { ...MCP_TOOLS_DEFAULTS, ...options };
  let tools: readonly McpTool<Name>[] | undefined;

  const connection: McpConnection = new McpConnection({
    name,
    logger,
    connectTimeoutMs: limits.connectTimeoutMs,
    maxTools: limits.maxTools,
    openTransport: () => openTransport(options, limits),
    onTools(listed) {
      const isFirst = tools === undefined;
      const wanted = include === undefined ? listed : listed.filter((tool) => include.includes(tool.name));
      const problem = findProblem({ listed, wanted }, isFirst ? options : { name });
      if (problem === undefined) tools = wanted.flatMap(asTool);
      else if (isFirst) throw invalid(problem);
      // Agents go on with what they have.
      else logger.warn({ server: name, problem }, 'the new tools of an MCP server cannot be taken');
    },
  });

  function asTool(tool: WireTool): readonly McpTool<Name>[] {
    const policy = { ...options, ...options.tools?.[tool.name] };
    try {
      return [serverTool(tool, { name, policy, trustHints, call: (call) => connection.call(call) })];
    } catch (cause) {
      logger.warn({ server: name, tool: tool.name, err: cause }, 'a tool of an MCP server is left out');
      return [];
    }
  }

  try {
    await connection.connected();
  } catch (cause) {
    await connection.close();
    throw cause;
  }
  return {
    tools: () => tools ?? [],
    get instructions() {
      return connection.instructions;
    },
    close: () => connection.close(),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** Why these tools cannot be had. Names that options give are checked at the first list only: a server may lose a tool. */
function findProblem(
  { listed, wanted }: { readonly listed: readonly WireTool[]; readonly wanted: readonly WireTool[] },
  { name, include = [], tools = {} }: Pick<McpToolsOptions, 'name' | 'include' | 'tools'>,
): string | undefined {
  const all = listed.map((tool) => tool.name);
  const names = wanted.map((tool) => tool.name);
  const missing = [...include, ...Object.keys(tools)].find((tool) => !all.includes(tool));
  if (missing !== undefined) return `${name} has no tool "${missing}". It has: ${all.join(', ') || 'none'}.`;
  const leftOut = Object.keys(tools).find((tool) => !names.includes(tool));
  if (leftOut !== undefined) return `\`tools\` names "${leftOut}" of ${name}, which \`include\` leaves out.`;
  const collision = findCollision(names.map((tool) => `${name}__${tool}`));
  if (collision !== undefined)
    return `The tools ${collision.join(' and ')} would have the same name. Leave one of them out with \`include\`.`;
  return undefined;
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
