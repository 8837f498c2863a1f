export type { Budget } from '../protocol/budget.ts';
export type * from '../protocol/notice.ts';
// For @trpc/server, whose types need it where `skipLibCheck` is off and `lib` is older.
/// <reference lib="esnext.disposable" preserve="true" />

export type {
  AgentState,
  AuditInfo,
  AuditListInput,
  ConnectionInfo,
  CreatedKey,
  KeyInfo,
  LoginTokens,
  SettingInfo,
  UserInfo,
} from '../protocol/accounts.ts';
export type * from '../protocol/agentInfo.ts';
export type * from '../protocol/approval.ts';
export { CLOSE_CODES, type CloseCode } from '../protocol/closeCodes.ts';
export type {
  AgentContract,
  ApiContract,
  ApprovalOptions,
  Asked,
  CallRef,
  ClientTool,
  ContextField,
  ContextOfEach,
  Decision,
  EditInput,
  EventOf,
  EventOfApi,
  JsonApi,
  OnDisconnect,
  OutputOf,
  Receipt,
  RetryInput,
  SendInput,
  SendOptions,
  SendToMany,
  ToolContract,
  ToolInput,
  ToolName,
  ToolOutput,
  WhenBusy,
} from '../protocol/contract.ts';
export { type Cursor, formatCursor, parseCursor } from '../protocol/cursor.ts';
export { ERROR_CODES, type ErrorCode, type ErrorInfo, isErrorCode } from '../protocol/errorCodes.ts';
export type * from '../protocol/event.ts';
export { isTerminalEvent } from '../protocol/event.ts';
export type * from '../protocol/file.ts';
export type { Json, JsonObject } from '../protocol/json.ts';
export { DEFAULT_LIMITS, type Limits } from '../protocol/limits.ts';
export type * from '../protocol/message.ts';
export { METRIC_NAMES, type MetricName, type MetricSample, type MetricSeries, type MetricsReport } from '../protocol/metrics.ts';
export type {
  MemoryEntry,
  Page,
  RunInfo,
  RunListInput,
  RunStatus,
  SubmittedCall,
  ThreadInfo,
  ThreadListInput,
  Tracked,
} from '../protocol/procedures.ts';
export type * from '../protocol/runStep.ts';
export type * from '../protocol/share.ts';
export { VerbatimError } from '../protocol/verbatimError.ts';
export type { AuthMethods, WhoAmI } from '../protocol/whoAmI.ts';
export type { Auth } from './auth.ts';
export type { CallOptions } from './calls.ts';
export type { Client } from './client.ts';
export type { TokenSource } from './connection.ts';
export type { ConnectionState, ConnectionStatus } from './connectionState.ts';
export type { ContractRouter } from './contractRouter.ts';
export { type ClientOptions, createClient } from './createClient.ts';
export type { FileContent, Files, Progress, UploadOptions } from './files.ts';
export { type OpenShareOptions, openShare } from './openShare.ts';
export type { DeepPartial } from './partialOutput.ts';
export { type PasswordToken, type PasswordTokenOptions, passwordToken } from './passwordToken.ts';
export { emptyThread, type RunState, reduceThread, type ThreadState } from './reducer.ts';
export type { RemarkEvent, RunRemark } from './remarks.ts';
export type { Run, SentRun } from './run.ts';
export type { RunResult } from './runResult.ts';
export type { Thread, Watch, WatchOptions } from './thread.ts';
export { type MessageOf, type RunRemarkOf, type RunStateOf, type ThreadStateOf, threadReducer } from './threadReducer.ts';
export type { ErrorShape } from './transportMessage.ts';
export type { WaitingCall, WaitStatus } from './waits.ts';
export type { WebSocketConstructor, WebSocketLike } from './webSocketLike.ts';
