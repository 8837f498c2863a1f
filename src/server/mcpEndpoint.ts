import type { Agents } from '../agents/agent.ts';
import type { McpHost } from './mcpHost.ts';

/** Serves the agents as tools of an MCP server. Make it with `mcpServer` of `verbatim-agents/mcp`. */
export interface McpEndpoint {
  /** Where it is served. */
  readonly path: string;
  /**
   * Throws `CONFIG_INVALID` for agents that cannot be served.
   *
   * @internal
   */
  check(agents: Agents): void;
  /**
   * Called once for each server, before it listens. The returned function is called when the server closes, after `closing` has aborted; it
   * resolves when every call was answered and every session is gone.
   *
   * @internal
   */
  serve(host: McpHost): Promise<() => Promise<void>>;
}
