import { defineAgent, type InferApi, offline } from 'verbatim-agents';
import { mcpServer, mcpTools } from 'verbatim-agents/mcp';
export const endpoint = mcpServer({ agents: ['helper'] });
export async function helpers() {
  const github = await mcpTools({ name: 'github', url: 'https://mcp.example.com/', headers: { authorization: 'Bearer x' } });
  return { helper: defineAgent({ description: 'Helps', model: offline(), tools: github.tools() }) };
}
export type Api = InferApi<Awaited<ReturnType<typeof helpers>>>;
