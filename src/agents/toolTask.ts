import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { Json } from '../protocol/json.ts';
import type { ToolContext, ToolFileResult } from './defineTool.ts';

/** What a worker thread is given: a call to carry out. Everything in it can be copied. */
export interface ToolTask {
  /** The URL of the module that exports the tool. */
  readonly module: string;
  readonly tool: string;
  readonly input: Json;
  readonly context: Pick<ToolContext, 'callId' | 'runId' | 'threadId' | 'agent' | 'principal'>;
  /** `ToolNews` go out; anything that comes in aborts the call. */
  readonly port: MessagePort;
}

/** What is said while a call is carried out. */
export type ToolNews = { readonly type: 'progress'; readonly data: Json } | { readonly type: 'status'; readonly text: string };

/** What came of a call in a worker thread. An Error loses its class on the way; `typed` is one of ours. `unloaded`: the tool is not there. */
export type ToolAnswer =
  | { readonly type: 'unloaded'; readonly stack: string }
  | { readonly type: 'result'; readonly result: Json | ToolFileResult }
  | { readonly type: 'typed'; readonly error: ErrorInfo }
  | { readonly type: 'thrown'; readonly name: string; readonly message: string; readonly code?: string };

/** In a thread that carries out tools: there is no server to be started there. */
const MARK = Symbol.for('verbatim.toolThread');

export function markToolThread(): void {
  Object.assign(globalThis, { [MARK]: true });
}

export function isToolThread(): boolean {
  return MARK in globalThis;
}
