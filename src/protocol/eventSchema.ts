import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from './errorCodes.ts';
import type { Json, JsonObject } from './json.ts';

const seq = z.int().min(1);
const id = z.string().min(1);
const count = z.int().min(0);
// Not z.json(): its type has no undefined, which ours allows in objects and JSON text never holds.
const json = z.json() as z.ZodType<Json>;
const jsonObject = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>;

const usage = z.strictObject({
  inputTokens: count,
  outputTokens: count,
  cachedTokens: count.exactOptional(),
  reasoningTokens: count.exactOptional(),
  estimated: z.boolean().exactOptional(),
  cachedCalls: count.exactOptional(),
  cost: z.number().min(0).exactOptional(),
});
const runUsage = usage.extend({ models: z.record(z.string(), usage).exactOptional() });
const error = z.strictObject({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  retryable: z.boolean(),
});
const finish = z.enum(['stop', 'tool_calls', 'length', 'filtered', 'incomplete', 'cancelled', 'failed']);

const stored = { seq, firstSeq: seq.exactOptional(), at: z.int() };
const ofRun = <Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) =>
  z.strictObject({ ...stored, type: z.literal(type), runId: id, ...fields });
const file = z.strictObject({ id, type: z.string(), size: count, name: z.string().exactOptional() });
const files = z.array(file).readonly();
const call = { callId: id, tool: z.string() };

/** Every event that the log stores, as its type says and nothing beside it. Reading a stored event takes no schema; a test holds each one to this. */
export const storedEventSchema = z.discriminatedUnion('type', [
  ofRun('message.received', {
    messageId: id,
    agent: z.string(),
    text: z.string(),
    metadata: jsonObject.exactOptional(),
    attachments: files.exactOptional(),
    principalId: id,
  }),
  ofRun('message.steered', { messageId: id }),
  ofRun('run.queued', {
    agent: z.string(),
    place: z.int().min(1),
    messageId: id.exactOptional(),
    parentRunId: id.exactOptional(),
    parentCallId: id.exactOptional(),
  }),
  ofRun('run.started', {
    agent: z.string(),
    attempt: seq,
    parentRunId: id.exactOptional(),
    parentCallId: id.exactOptional(),
    task: z.string().exactOptional(),
  }),
  ofRun('run.resumed', { attempt: seq, reason: z.enum(['crash', 'shutdown', 'storage', 'answered', 'stream_cut']) }),
  ofRun('run.waiting', { callIds: z.array(id).readonly() }),
  ofRun('run.status', { text: z.string() }),
  ofRun('run.completed', {
    usage: runUsage,
    outcome: z.enum(['complete', 'partial']),
    output: json.exactOptional(),
    children: z
      .array(
        z.strictObject({
          runId: id,
          agent: z.string(),
          status: z.enum(['completed', 'failed', 'cancelled']),
          error: error.exactOptional(),
        }),
      )
      .readonly()
      .exactOptional(),
  }),
  ofRun('run.failed', { error, usage: runUsage }),
  ofRun('run.cancelled', { by: z.string(), usage: runUsage }),
  ofRun('message.started', { messageId: id, agent: z.string(), step: seq, parentRunId: id.exactOptional() }),
  ofRun('text.delta', { messageId: id, delta: z.string() }),
  ofRun('reasoning.delta', { messageId: id, delta: z.string() }),
  ofRun('message.completed', { messageId: id, text: z.string(), finish }),
  ofRun('message.discarded', { messageId: id, reason: z.enum(['interrupted', 'retried', 'empty', 'stream_cut', 'guardrail']) }),
  ofRun('tool.called', {
    ...call,
    input: json,
    messageId: id,
    waitsFor: z.enum(['approval', 'client', 'agent', 'agents']).exactOptional(),
    expiresAt: z.int().exactOptional(),
  }),
  ofRun('tool.progress', { ...call, data: json }),
  ofRun('tool.completed', { ...call, output: json }),
  ofRun('tool.failed', {
    ...call,
    error,
    rejected: z.strictObject({ messageId: id, arguments: z.string() }).exactOptional(),
  }),
  ofRun('tool.file', { ...call, file, preview: z.string() }),
  ofRun('tool.input.delta', { ...call, delta: z.string() }),
  ofRun('approval.requested', {
    ...call,
    input: json,
    expiresAt: z.int().exactOptional(),
    role: z.string().exactOptional(),
    question: z.string().exactOptional(),
  }),
  ofRun('approval.resolved', {
    ...call,
    decision: z.enum(['approved', 'rejected', 'expired', 'withdrawn']),
    by: z.string(),
    reason: z.string().exactOptional(),
    input: json.exactOptional(),
    remember: z.enum(['run', 'thread']).exactOptional(),
    waitsFor: z.enum(['client', 'agent', 'agents']).exactOptional(),
    expiresAt: z.number().exactOptional(),
  }),
  ofRun('agent.handoff', { from: z.string(), to: z.string(), reason: z.string().exactOptional() }),
  ofRun('agent.routed', { to: z.string(), reason: z.string() }),
  ofRun('model.switched', { from: z.string(), to: z.string(), reason: z.string() }),
  ofRun('guard.verdict', {
    messageId: id,
    guard: z.string(),
    stage: z.enum(['input', 'output']),
    verdict: z.enum(['pass', 'rewrite', 'block']),
    reason: z.string().exactOptional(),
  }),
  ofRun('tool.hosted', {
    messageId: id,
    id,
    tool: z.string(),
    status: z.enum(['called', 'completed', 'failed']),
    data: json,
  }),
  ofRun('data', { name: z.string(), data: json }),
]);

const userMessage = z.strictObject({
  id,
  role: z.literal('user'),
  runId: id.exactOptional(),
  agent: z.string().exactOptional(),
  text: z.string(),
  metadata: jsonObject.exactOptional(),
  attachments: files.exactOptional(),
  principalId: id.exactOptional(),
  status: z.enum(['queued', 'complete', 'dropped']),
  at: z.int(),
});

const toolCall = z.strictObject({
  ...call,
  input: json.exactOptional(),
  rejected: z.string().exactOptional(),
  status: z.enum(['waiting', 'running', 'completed', 'failed']),
  waitsFor: z.enum(['approval', 'client', 'agent', 'agents']).exactOptional(),
  expiresAt: z.int().exactOptional(),
  approval: z
    .strictObject({
      status: z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn']),
      role: z.string().exactOptional(),
      question: z.string().exactOptional(),
      by: z.string().exactOptional(),
      reason: z.string().exactOptional(),
    })
    .exactOptional(),
  editedInput: json.exactOptional(),
  output: json.exactOptional(),
  file: file.exactOptional(),
  error: error.exactOptional(),
  progress: json.exactOptional(),
});

const assistantMessage = z.strictObject({
  id,
  role: z.literal('assistant'),
  runId: id.exactOptional(),
  parentRunId: id.exactOptional(),
  agent: z.string().exactOptional(),
  text: z.string(),
  reasoning: z.string().exactOptional(),
  status: z.enum(['streaming', 'complete', 'discarded']),
  finish: finish.exactOptional(),
  toolCalls: z.array(toolCall).readonly(),
  at: z.int(),
});

export const messageSchema = z.discriminatedUnion('role', [userMessage, assistantMessage]);

const snapshotRun = z.strictObject({
  id,
  agent: z.string(),
  status: z.enum(['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled']),
  attempt: count,
  parentRunId: id.exactOptional(),
  parentCallId: id.exactOptional(),
  currentAgent: z.string().exactOptional(),
  error: error.exactOptional(),
});

/** Stands for a position, which is 0 in a thread where nothing has happened. */
export const threadSnapshotSchema = z.strictObject({
  ...stored,
  seq: count,
  type: z.literal('thread.snapshot'),
  messages: z.array(messageSchema).readonly(),
  activeRunId: id.exactOptional(),
  runs: z.array(snapshotRun).readonly().exactOptional(),
  earlier: z.boolean(),
});

/** Every event that a reader can be sent. */
export const eventSchema = z.discriminatedUnion('type', [...storedEventSchema.options, threadSnapshotSchema]);
