import type { ApprovalOption } from '../agents/approvalPolicy.ts';
import type { Tool } from '../agents/defineTool.ts';
import type { ToolCache, ToolRetry } from '../agents/toolPolicy.ts';
import type { Json, JsonObject } from '../protocol/json.ts';

/** How a tool of a server is treated: as the options of the same names of `defineTool`. */
export interface McpToolPolicy {
  /** Default: what `trustHints` says. */
  readonly needsApproval?: ApprovalOption<JsonObject>;
  /** Default: what `trustHints` says. */
  readonly idempotent?: boolean;
  readonly timeoutMs?: number;
  readonly scopes?: readonly string[];
  readonly maxConcurrent?: number;
  readonly retry?: ToolRetry;
  readonly cache?: ToolCache<JsonObject>;
}

/** What a reader may know of a tool of a server: its schemas are known at run time only. */
export interface McpToolContract {
  readonly input: JsonObject;
  readonly output: Json;
  readonly progress: { readonly progress: number; readonly total?: number; readonly message?: string };
}

export type McpTool<Name extends string = string> = Tool<`${Name}__${string}`, McpToolContract>;
