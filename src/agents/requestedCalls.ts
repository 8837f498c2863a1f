import type { AskedCall } from '../db/operations/recordCall.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { AnyTool } from './defineTool.ts';
import type { RequestedCall } from './model.ts';

/** Checks what a model asked for: unknown tools and unusable arguments become calls that failed, which the model is told. */
export function checkCalls(requested: readonly RequestedCall[], tools: readonly AnyTool[], idAt: (index: number) => string): AskedCall[] {
  return requested.map((call, index) => ({ callId: idAt(index), tool: call.tool, ...checkCall(call, tools) }));
}

function checkCall(call: RequestedCall, tools: readonly AnyTool[]) {
  const tool = tools.find((candidate) => candidate.name === call.tool);
  const reject = (code: 'TOOL_NOT_FOUND' | 'TOOL_BAD_INPUT', message: string) => ({
    rejected: call.arguments,
    error: new VerbatimError(code, message).info,
  });
  if (tool === undefined) {
    const names = tools.map((candidate) => candidate.name).join(', ');
    return reject('TOOL_NOT_FOUND', `There is no tool of this name. There ${names === '' ? 'are none' : `are: ${names}`}.`);
  }
  let value: unknown;
  try {
    // Some models send nothing at all for a tool without arguments.
    value = call.arguments.trim() === '' ? {} : JSON.parse(call.arguments);
  } catch {
    return reject('TOOL_BAD_INPUT', 'The arguments are not valid JSON. Write them again as one JSON object.');
  }
  const parsed = tool.parseInput(value);
  if (!parsed.ok) return reject('TOOL_BAD_INPUT', `The arguments do not fit the tool: ${parsed.issues}. Correct them and call it again.`);
  return { input: parsed.value as Json };
}
