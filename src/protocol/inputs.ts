import { z } from 'zod';
import { createAccountInputs } from './accountInputs.ts';
import { parseCursor } from './cursor.ts';
import { OPT_IN_EVENTS } from './event.ts';
import { type Json, type JsonObject, jsonProblem } from './json.ts';
import type { Limits } from './limits.ts';

const codePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/** UTF-16 units of a key under which tools keep a value. */
export const MAX_MEMORY_KEY_LENGTH = 200;

/** A share that ends does so within ten years. */
const MAX_SHARE_MS = 10 * 366 * 24 * 60 * 60_000;

/** The input schemas of every procedure. Unknown keys are ignored, so that a newer client can talk to an older server. */
export function createInputs(limits: Limits) {
  const text = z
    .string()
    .refine((value) => value.trim() !== '', 'must not be empty')
    // Length first: UTF-16 units are never fewer than code points, so most texts need no count.
    .refine(
      (value) => value.length <= limits.maxTextCodePoints || codePoints(value) <= limits.maxTextCodePoints,
      `must have at most ${limits.maxTextCodePoints} characters`,
    )
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode: it holds half of a surrogate pair');
  const bounds = { maxDepth: limits.maxMetadataDepth, maxBytes: limits.maxMetadataBytes };
  const json = <T>(problemOf: (value: unknown) => string | undefined) =>
    z.custom<T>((value) => problemOf(value) === undefined, { error: ({ input }) => problemOf(input) ?? 'is not valid' });
  const jsonObject = json<JsonObject>((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? jsonProblem(value, bounds) : 'must be a JSON object',
  );
  const context = json<Json>((value) => jsonProblem(value, bounds));
  const title = z
    .string()
    .refine((value) => codePoints(value) <= limits.maxTitleCodePoints, `must have at most ${limits.maxTitleCodePoints} characters`)
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode: it holds half of a surrogate pair');
  const agentName = z.string().min(1).max(200);
  const id = z.string().min(1).max(100);
  const threadId = id;
  const runId = id;
  const principalId = z
    .string()
    .min(1)
    .max(500)
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode: it holds half of a surrogate pair');
  const secret = z.string().min(1).max(200);
  const idempotencyKey = z.string().min(1).max(200).optional();
  const limit = z.int().min(1).max(limits.maxPageSize).optional();
  const pageToken = z.string().min(1).max(200).optional();
  const lastEventId = z
    .union([z.string(), z.number()])
    .refine((value) => parseCursor(value) !== undefined, 'must be a position: epoch-seq or a seq of 0 or more')
    .optional();
  const mode = z.enum(['events', 'messages']).optional();
  const include = z.array(z.enum(OPT_IN_EVENTS)).max(10).optional();
  // As large as a tool's input or output may be.
  const value = json<Json>((given) => jsonProblem(given, { maxDepth: limits.maxFrameDepth, maxBytes: limits.maxToolOutputBytes }));
  // A key of as many characters of three bytes each, in base64.
  const textToken = z
    .string()
    .min(1)
    .max(4 * MAX_MEMORY_KEY_LENGTH)
    .optional();
  const more = z.number().positive().optional();
  const budget = z.object({ maxTokens: more, maxCost: more, maxSteps: more, maxDurationMs: more }).optional();
  const options = z.object({ temperature: z.number().min(0).max(2).optional(), maxOutputTokens: z.int().min(1).optional() }).optional();
  // W3C: one that is not valid is as none.
  const traceparent = z.string().max(100).optional();
  const attachments = z
    .array(id)
    .max(limits.maxAttachmentsPerMessage)
    .refine((ids) => new Set(ids).size === ids.length, 'must not name a file twice')
    .optional();
  return {
    send: z.object({
      threadId: threadId.optional(),
      agent: agentName.optional(),
      agents: z
        .array(agentName)
        .min(1)
        .max(limits.maxParallelAgents)
        .refine((names) => new Set(names).size === names.length, 'must name each agent once')
        .optional(),
      text,
      whenBusy: z.enum(['queue', 'reject', 'interrupt', 'steer']).optional(),
      onDisconnect: z.enum(['continue', 'cancel']).optional(),
      metadata: jsonObject.optional(),
      attachments,
      options,
      budget,
      context: context.optional(),
      idempotencyKey,
      traceparent,
    }),
    messageEdit: z.object({
      messageId: id,
      text,
      agent: z.string().min(1).max(200).optional(),
      onDisconnect: z.enum(['continue', 'cancel']).optional(),
      metadata: jsonObject.optional(),
      attachments,
      options,
      budget,
      context: context.optional(),
      idempotencyKey,
      traceparent,
    }),
    messageRetry: z.object({
      messageId: id,
      agent: z.string().min(1).max(200).optional(),
      onDisconnect: z.enum(['continue', 'cancel']).optional(),
      options,
      context: context.optional(),
      idempotencyKey,
      traceparent,
    }),
    memoryList: z
      .object({ threadId: threadId.optional(), prefix: z.string().max(MAX_MEMORY_KEY_LENGTH).optional(), limit, pageToken: textToken })
      .default({}),
    memoryDelete: z.object({ threadId: threadId.optional(), key: z.string().min(1).max(MAX_MEMORY_KEY_LENGTH), idempotencyKey }),
    memoryClear: z.object({ threadId: threadId.optional(), idempotencyKey }).default({}),
    threadCreate: z
      .object({
        title: title.optional(),
        metadata: jsonObject.optional(),
        messages: z
          .array(z.object({ role: z.enum(['user', 'assistant']), text }))
          .max(limits.maxImportedMessages)
          .refine((messages) => messages[0]?.role !== 'assistant', 'must begin with a message of the user')
          .optional(),
        idempotencyKey,
      })
      .default({}),
    thread: z.object({ threadId }),
    threadCommand: z.object({ threadId, idempotencyKey }),
    threadList: z
      .object({
        limit,
        pageToken,
        search: z.string().max(limits.maxTitleCodePoints).optional(),
        sort: z.enum(['activity', 'created']).optional(),
        order: z.enum(['asc', 'desc']).optional(),
        active: z.boolean().optional(),
        createdAfter: z.number().optional(),
        createdBefore: z.number().optional(),
        shared: z.boolean().optional(),
        all: z.boolean().optional(),
      })
      .refine(({ shared, all }) => !(shared && all), 'must ask for `shared` or `all`, not both')
      .default({}),
    threadUpdate: z.object({ threadId, title: title.nullable().optional(), metadata: jsonObject.nullable().optional(), idempotencyKey }),
    threadMessages: z.object({ threadId, limit, pageToken }),
    threadFork: z.object({ threadId, atSeq: z.int().min(0).optional(), title: title.optional(), idempotencyKey }),
    threadWatch: z.object({ threadId, lastEventId, mode, include, snapshot: z.boolean().optional(), present: z.boolean().optional() }),
    threadPresence: z.object({ threadId, lastEventId }),
    noticeWatch: z.object({ lastEventId }).default({}),
    threadShare: z
      .object({
        threadId,
        with: principalId.optional(),
        link: z.literal(true).optional(),
        access: z.enum(['read', 'write']).default('read'),
        expiresInMs: z.int().min(1_000).max(MAX_SHARE_MS).optional(),
        idempotencyKey,
      })
      .refine((input) => (input.with === undefined) !== (input.link === undefined), 'must have `with` or `link`, and not both'),
    threadUnshare: z.object({ threadId, shareId: id, idempotencyKey }),
    shareSecret: z.object({ secret, idempotencyKey }),
    run: z.object({ runId }),
    runCommand: z.object({ runId, idempotencyKey }),
    runRetry: z.object({ runId, idempotencyKey, traceparent }),
    runWait: z.object({ runId, timeoutMs: z.number().min(0).max(limits.maxWaitMs).optional() }),
    runList: z
      .object({
        threadId: threadId.optional(),
        status: z.enum(['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled']).optional(),
        agent: agentName.optional(),
        createdAfter: z.number().optional(),
        createdBefore: z.number().optional(),
        all: z.boolean().optional(),
        limit,
        pageToken,
      })
      .refine(({ threadId: of, all }) => !(of !== undefined && all), 'must name a `threadId` or ask for `all`, not both')
      .default({}),
    runSteps: z.object({ runId, limit, pageToken }),
    runSent: z.object({ runId, step: z.int().min(1) }),
    runWatch: z.object({ runId, lastEventId, mode, include }),
    approvalList: z
      .object({
        threadId: threadId.optional(),
        callId: id.optional(),
        status: z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn']).optional(),
        limit,
        pageToken,
      })
      .default({}),
    approvalDecide: z.object({
      callId: id,
      decision: z.enum(['approve', 'reject']),
      input: value.optional(),
      reason: z
        .string()
        .max(limits.maxTitleCodePoints * 5)
        .optional(),
      remember: z.enum(['run', 'thread']).optional(),
      idempotencyKey,
    }),
    toolCallSubmit: z
      .object({ callId: id, output: value.optional(), error: z.string().max(2_000).optional(), idempotencyKey })
      .refine(({ output, error }) => output === undefined || error === undefined, 'must have an output or an error, not both'),
    file: z.object({ fileId: id }),
    fileCommand: z.object({ fileId: id, idempotencyKey }),
    fileList: z.object({ limit, pageToken }).default({}),
    ...createAccountInputs(limits),
    // As long as a frame may be: what is too long for a token is refused like any other that is not good.
    authRenew: z
      .object({ token: z.string().optional(), ticket: z.string().optional() })
      .refine(({ token, ticket }) => (token === undefined) !== (ticket === undefined), 'must have a token or a ticket'),
  };
}

export type Inputs = ReturnType<typeof createInputs>;
