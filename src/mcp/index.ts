export type { HeadersOption, McpAddress } from './mcpAddress.ts';
export { MCP_SERVER_DEFAULTS, type McpServerOptions, mcpServer } from './mcpServer.ts';
export type { McpTool, McpToolContract, McpToolPolicy } from './mcpTool.ts';
export { MCP_TOOLS_DEFAULTS, type McpTools, type McpToolsOptions, mcpTools } from './mcpTools.ts';
