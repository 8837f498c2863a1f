export type { Agent, AgentContext, Agents, InstructionsContext } from './agents/agent.ts';
export type { AgentEvent } from './agents/agentEvent.ts';
export type { ApprovalContext, ApprovalOption, ApprovalQuestion } from './agents/approvalPolicy.ts';
export { agentTool, agentTools, type ParallelResult, parallel } from './agents/childAgents.ts';
export { type Contract, type ContractAgent, type ContractTool, contractOf, hashContract } from './agents/contractOf.ts';
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
export { type CachedEmbeddingsOptions, cachedEmbeddings } from './agents/embeddings/cachedEmbeddings.ts';
export { cosineSimilarity, type Embedded, type Embeddings, type Vector } from './agents/embeddings/embeddings.ts';
export { offlineEmbeddings } from './agents/embeddings/offlineEmbeddings.ts';
export { OPENAI_EMBEDDINGS_DEFAULTS, type OpenAIEmbeddingsOptions, openaiEmbeddings } from './agents/embeddings/openaiEmbeddings.ts';
export type { HostAddress, HostLookup } from './agents/fetch/hostLookup.ts';
export {
  SAFE_FETCH_DEFAULTS,
  type SafeFetch,
  type SafeFetchInit,
  type SafeFetchOptions,
  safeFetch,
} from './agents/fetch/safeFetch.ts';
export type { Guard, GuardInput, Guards, GuardVerdict, InputGuard, OutputGuard } from './agents/guard.ts';
export { type LengthGuardOptions, lengthGuard } from './agents/guards/lengthGuard.ts';
export { LLAMA_GUARD_CATEGORIES, type LlamaGuardOptions, llamaGuard } from './agents/guards/llamaGuard.ts';
export { type OpenAIModerationOptions, openaiModeration } from './agents/guards/openaiModeration.ts';
export { type PatternGuardOptions, patternGuard } from './agents/guards/patternGuard.ts';
export type { PersonalDataKind } from './agents/guards/personalData.ts';
export { type PiiGuardOptions, piiGuard } from './agents/guards/piiGuard.ts';
export { type PromptInjectionOptions, promptInjection } from './agents/guards/promptInjection.ts';
export type { ReadyGuard, ReadyGuardOptions } from './agents/guards/readyGuard.ts';
export type { History, SummarizeOptions } from './agents/history.ts';
export {
  CACHE_DEFAULTS,
  type CacheStore,
  type LayeredCache,
  type LayeredCacheOptions,
  layeredCache,
} from './agents/layeredCache.ts';
export type { Memory, MemoryScope } from './agents/memory.ts';
export { type MemoryToolOptions, memoryTools } from './agents/memoryTools.ts';
export type {
  Model,
  ModelAttachment,
  ModelCaller,
  ModelCallOptions,
  ModelChunk,
  ModelEndpoint,
  ModelMessage,
  ModelOptions,
  ModelOutput,
  ModelRequest,
  ModelTool,
  ModelToolCall,
  RequestedCall,
} from './agents/model.ts';
export { type CachedOptions, cached } from './agents/models/cached.ts';
export { type FallbackOptions, fallback } from './agents/models/fallback.ts';
export { offline } from './agents/models/offline.ts';
export { OPENAI_DEFAULTS, type OpenAILimits, type OpenAIOptions, openai } from './agents/models/openai.ts';
export { RESILIENCE_DEFAULTS, type ResilienceLimits, type ResilienceOptions } from './agents/models/resilience.ts';
export { resilient } from './agents/models/resilient.ts';
export { type RouteFunction, type RouteInput, router } from './agents/router.ts';
export { type SemanticRouteOptions, semanticRoute } from './agents/semanticRoute.ts';
export { DEFAULT_SUMMARY_PROMPT } from './agents/summaryPrompt.ts';
export type { CacheKeyContext, CacheLayer, ToolCache, ToolRetry } from './agents/toolPolicy.ts';
export type { AgentState, ConnectionInfo, CreatedKey, KeyInfo, LoginTokens, UserInfo } from './protocol/accounts.ts';
export type { Budget } from './protocol/budget.ts';
export type { Clock } from './protocol/clock.ts';
export { CLOSE_CODES, type CloseCode } from './protocol/closeCodes.ts';
export type { AgentContract, ApiContract, OnDisconnect, SendOptions, ToolContract, WhenBusy } from './protocol/contract.ts';
export { ERROR_CODES, type ErrorCode, type ErrorInfo } from './protocol/errorCodes.ts';
export type { FinishReason, Usage } from './protocol/event.ts';
export type { FileRef } from './protocol/file.ts';
export type { Json, JsonObject } from './protocol/json.ts';
export { DEFAULT_LIMITS, type Limits } from './protocol/limits.ts';
export type { ModelObserver } from './protocol/observer.ts';
export type { Access, Policy, PolicyQuestion } from './protocol/policy.ts';
export { LOCAL_PRINCIPAL, type Principal } from './protocol/principal.ts';
export type { RoleDefinition, Roles } from './protocol/roles.ts';
export { DEFAULT_TIERS, type TierLimits, type Tiers } from './protocol/tiers.ts';
export type { ModelPrice, Prices } from './protocol/usage.ts';
export { VerbatimError } from './protocol/verbatimError.ts';
export { apiKeys } from './server/auth/apiKeys.ts';
export type { AuthMethod } from './server/auth/authMethod.ts';
export type { CookieOptions } from './server/auth/cookie.ts';
export { custom } from './server/auth/custom.ts';
export { type JwtAlgorithm, type JwtClaims, type JwtOptions, jwt } from './server/auth/jwt.ts';
export { type PasswordOptions, password } from './server/auth/password.ts';
export type { TlsOptions } from './server/certificate.ts';
export { type Config, defineConfig } from './server/config/config.ts';
export { env, type SecretSource, secret } from './server/config/secret.ts';
export { createServer } from './server/createServer.ts';
export type { Duplicates } from './server/limits/connectionPlaces.ts';
export type { NewNotice, NoticeTo } from './server/live/notices.ts';
export type { McpEndpoint } from './server/mcpEndpoint.ts';
export type { RetentionOptions } from './server/retentionOptions.ts';
export type { Authenticate, ConnectionOptions, Logger, ServerOptions } from './server/serverOptions.ts';
export type { LogLevel, LogLevels, LogModule } from './server/telemetry/logLevels.ts';
export type { MetricsOption } from './server/telemetry/metricsOption.ts';
export type { ErrorContext, OnError } from './server/telemetry/onError.ts';
export { DEFAULT_TITLE_PROMPT, type TitleOptions } from './server/titleOptions.ts';
export type { ListenOptions, ServerStats, VerbatimServer } from './server/verbatimServer.ts';
