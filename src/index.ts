export type { Agent, AgentContext, Agents, InstructionsContext } from './agents/agent.ts';
export type { AgentEvent } from './agents/agentEvent.ts';
export type { ApprovalContext, ApprovalOption, ApprovalQuestion } from './agents/approvalPolicy.ts';
export { agentTool, agentTools, type ParallelResult, parallel } from './agents/childAgents.ts';
export { type CustomAgentDefinition, defineAgent, type InferApi, type ModelAgentDefinition } from './agents/defineAgent.ts';
export {
  type ClientToolDefinition,
  defineTool,
  type Tool,
  type ToolContext,
  type ToolDefinition,
  type ToolFileResult,
  toolFile,
} from './agents/defineTool.ts';
export type { Guard, GuardInput, Guards, GuardVerdict, InputGuard, OutputGuard } from './agents/guard.ts';
export type { History } from './agents/history.ts';
export type { Memory, MemoryScope } from './agents/memory.ts';
export type {
  Model,
  ModelAttachment,
  ModelCaller,
  ModelCallOptions,
  ModelChunk,
  ModelMessage,
  ModelOptions,
  ModelOutput,
  ModelRequest,
  ModelTool,
  ModelToolCall,
  RequestedCall,
} from './agents/model.ts';
export { offline } from './agents/models/offline.ts';
export { OPENAI_DEFAULTS, type OpenAILimits, type OpenAIOptions, openai } from './agents/models/openai.ts';
export { type RouteFunction, type RouteInput, router } from './agents/router.ts';
export type { CacheKeyContext, ToolCache, ToolRetry } from './agents/toolPolicy.ts';
export type { CacheLayer } from './agents/toolResults.ts';
export type { Clock } from './protocol/clock.ts';
export { CLOSE_CODES, type CloseCode } from './protocol/closeCodes.ts';
export type { AgentContract, ApiContract, OnDisconnect, SendOptions, ToolContract, WhenBusy } from './protocol/contract.ts';
export { ERROR_CODES, type ErrorCode, type ErrorInfo } from './protocol/errorCodes.ts';
export type { FinishReason, Usage } from './protocol/event.ts';
export type { Json, JsonObject } from './protocol/json.ts';
export { DEFAULT_LIMITS, type Limits } from './protocol/limits.ts';
export { LOCAL_PRINCIPAL, type Principal } from './protocol/principal.ts';
export { VerbatimError } from './protocol/verbatimError.ts';
export { createServer, type ListenOptions, type ServerStats, type VerbatimServer } from './server/createServer.ts';
export type { McpEndpoint } from './server/mcpEndpoint.ts';
export { type Authenticate, defineConfig, type Logger, type ServerOptions } from './server/serverOptions.ts';
