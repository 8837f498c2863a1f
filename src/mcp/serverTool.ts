import type { CallToolResult, Tool as WireTool } from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import type { JsonSchemaType, JsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/types.js';
import { askApproval } from '../agents/approvalPolicy.ts';
import type { Parsed } from '../agents/schema.ts';
import type { ToolCache } from '../agents/toolPolicy.ts';
import type { JsonObject } from '../protocol/json.ts';
import { outputOf } from './callResult.ts';
import type { McpCall } from './mcpConnection.ts';
import type { McpTool, McpToolPolicy } from './mcpTool.ts';
import { toolName } from './toolName.ts';

export interface ServerToolOptions<Name extends string> {
  /** Of the server. */
  readonly name: Name;
  readonly policy: McpToolPolicy;
  readonly trustHints: boolean;
  call(call: McpCall): Promise<CallToolResult>;
}

const MAX_ISSUES = 1_000;

const PROGRESS_SCHEMA: JsonObject = {
  type: 'object',
  properties: { progress: { type: 'number' }, total: { type: 'number' }, message: { type: 'string' } },
  required: ['progress'],
};

/** A tool of a server as one of ours. Throws for schemas that nothing can be checked by, and for a tool that only runs as a task. */
export function serverTool<Name extends string>(tool: WireTool, options: ServerToolOptions<Name>): McpTool<Name> {
  const { name, policy, trustHints, call } = options;
  if (tool.execution?.taskSupport === 'required') throw new Error('it runs as a task only, which is not supported');
  const { $schema: _, ...givenSchema } = tool.inputSchema as JsonObject;
  // Some providers refuse an object that does not say which properties it has.
  const inputSchema: JsonObject = { properties: {}, ...givenSchema };
  const isInput = validatorOf(inputSchema);
  const isOutput = tool.outputSchema === undefined ? undefined : validatorOf(tool.outputSchema as JsonObject);
  const { readOnlyHint, idempotentHint, destructiveHint } = trustHints ? (tool.annotations ?? {}) : {};
  const idempotent = policy.idempotent ?? (readOnlyHint === true || idempotentHint === true);
  const approval = policy.needsApproval ?? (trustHints ? destructiveHint === true && readOnlyHint !== true : true);
  return {
    // The prefix is the caller's own, checked when the server was named; a name of 64 characters keeps it.
    name: toolName(`${name}__${tool.name}`) as `${Name}__${string}`,
    description: tool.description ?? tool.title ?? tool.annotations?.title ?? tool.name,
    kind: 'execute',
    idempotent,
    strict: false,
    timeoutMs: policy.timeoutMs,
    expiresInMs: undefined,
    maxConcurrent: policy.maxConcurrent,
    retry: policy.retry,
    // What it is keyed by is what parseInput returned.
    cache: policy.cache as ToolCache | undefined,
    worker: undefined,
    scopes: policy.scopes,
    children: undefined,
    inputSchema,
    outputSchema: (tool.outputSchema ?? {}) as JsonObject,
    progressSchema: PROGRESS_SCHEMA,
    needsApproval: (input, context) => askApproval(approval, input, context),
    parseInput: (value) => parseWith(isInput, value),
    parseOutput: (value) => (isOutput === undefined ? { ok: true, value } : parseWith(isOutput, value)),
    parseProgress: (value) => ({ ok: true, value }),
    async execute(input, context) {
      const result = await call({
        tool: tool.name,
        callId: context.callId,
        input: input as JsonObject,
        signal: context.signal,
        repeatable: idempotent,
        onProgress: ({ progress, total, message }) =>
          context.progress({ progress, ...(total !== undefined && { total }), ...(message !== undefined && { message }) }),
      });
      return outputOf(result);
    },
  };
}

/** A validator of its own for each schema: one that they share takes two schemas with the same `$id` for one. */
function validatorOf(schema: JsonObject): JsonSchemaValidator<unknown> {
  return new AjvJsonSchemaValidator().getValidator(schema as JsonSchemaType);
}

function parseWith(isValid: JsonSchemaValidator<unknown>, value: unknown): Parsed {
  const { valid, errorMessage } = isValid(value);
  return valid ? { ok: true, value } : { ok: false, issues: (errorMessage ?? 'it does not fit').slice(0, MAX_ISSUES) };
}
