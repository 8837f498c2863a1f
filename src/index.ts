export type { Agent, AgentContext, Agents, InstructionsContext } from './agents/agent.ts';
export type { AgentEvent } from './agents/agentEvent.ts';
export { type CustomAgentDefinition, defineAgent, type InferApi, type ModelAgentDefinition } from './agents/defineAgent.ts';
export { agentTool, agentTools, type ParallelResult, parallel } from './agents/childAgents.ts';
export { defineTool, type Tool, type ToolContext, type ToolDefinition } from './agents/defineTool.ts';
export type {
  Model,
  ModelCallOptions,
  ModelChunk,
  ModelMessage,
  ModelOptions,
  ModelRequest,
  ModelTool,
  ModelToolCall,
  RequestedCall,
} from './agents/model.ts';
export { offline } from './agents/models/offline.ts';
export { OPENAI_DEFAULTS, type OpenAILimits, type OpenAIOptions, openai } from './agents/models/openai.ts';
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
export { type Authenticate, defineConfig, type Logger, type ServerOptions } from './server/serverOptions.ts';
