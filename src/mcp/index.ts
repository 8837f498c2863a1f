export type { HeadersOption } from './boundedFetch.ts';
export { MCP_SERVER_DEFAULTS, type McpServerOptions, mcpServer } from './mcpServer.ts';
export { MCP_TOOLS_DEFAULTS, type McpTools, type McpToolsOptions, mcpTools } from './mcpTools.ts';
export type { McpAddress } from './openTransport.ts';
export type { McpTool, McpToolContract, McpToolPolicy } from './serverTool.ts';
