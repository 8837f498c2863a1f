import { sql } from 'drizzle-orm';
import { type AnySQLiteColumn, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { WaitsFor } from '../protocol/approval.ts';
import type { Budget } from '../protocol/budget.ts';
import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { FinishReason, Usage } from '../protocol/event.ts';
import type { FileRef } from '../protocol/file.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { Principal } from '../protocol/principal.ts';
import type { RunStatus } from '../protocol/procedures.ts';
import type { ProviderState } from '../protocol/providerState.ts';

/** Facts about the file itself: epoch, clean close, boot. */
export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() });

/** One guard's word on a message. It counts for the run that the message has now; `run` is null in a fork, as that of its message. */
export interface StoredVerdict {
  readonly run: number | null;
  /** The run that asked that one beside others. */
  readonly parent?: number;
  /** Agents may have guards of the same name. */
  readonly agent: string;
  readonly guard: string;
  readonly verdict: 'pass' | 'rewrite' | 'block';
  /** Seq of its `guard.verdict`. */
  readonly seq: number;
  /** Of a rewrite. */
  readonly text?: string;
}

/** `key` is what other tables refer to; it is never reused, `id` is what callers know. */
export const threads = sqliteTable(
  'threads',
  {
    key: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull().unique(),
    owner: text().notNull(),
    /** Of the principal that made it. */
    tenant: text(),
    title: text(),
    metadata: text({ mode: 'json' }).$type<JsonObject | null>(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** Events up to here are gone; their messages remain. The head is the last event's seq, or the floor when there is none. */
    floor: integer().notNull().default(0),
  },
  (table) => [
    index('threads_activity').on(table.owner, table.updatedAt),
    index('threads_created').on(table.owner, table.createdAt),
    index('threads_tenant').on(table.tenant).where(sql`tenant is not null`),
  ],
);

export const runs = sqliteTable(
  'runs',
  {
    key: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull().unique(),
    thread: integer()
      .notNull()
      .references(() => threads.key),
    parent: integer().references((): AnySQLiteColumn => runs.key),
    parentCallId: text('parent_call_id'),
    /** How deep it hangs under its root run, which is 0. */
    depth: integer().notNull().default(0),
    agent: text().notNull(),
    /** The agent that speaks now, once a handoff or a router has chosen another. */
    currentAgent: text('current_agent'),
    handoffs: integer().notNull().default(0),
    /** Of a run that asks several agents at once: their names, in order. It has no model of its own. */
    agents: text({ mode: 'json' }).$type<readonly string[]>(),
    /** What a child run was asked; a root run was asked by its message. */
    task: text(),
    principal: text({ mode: 'json' }).$type<Principal>().notNull(),
    status: text().$type<RunStatus>().notNull(),
    attempt: integer().notNull().default(0),
    /** The server process that works on it. A file has one server at a time, so the lease of any other process is void. */
    lease: text(),
    /** Lower goes first among the queued runs of a thread; then the older one. */
    rank: integer().notNull().default(0),
    cancelOnDisconnect: integer('cancel_on_disconnect', { mode: 'boolean' }).notNull(),
    options: text({ mode: 'json' }).$type<{ temperature?: number; maxOutputTokens?: number }>().notNull(),
    /** It answers again what was answered before, and so do those under it: no answer is to come from a cache. */
    fresh: integer({ mode: 'boolean' }).notNull().default(false),
    /** What the run and those under it may use. */
    budget: text({ mode: 'json' }).$type<Budget>(),
    context: text({ mode: 'json' }).$type<Json>(),
    /** W3C trace context of whatever asked for it: each attempt goes on with that trace. */
    traceparent: text(),
    /** Who asked to cancel it, once somebody has. */
    cancelBy: text('cancel_by'),
    firstSeq: integer('first_seq').notNull(),
    lastSeq: integer('last_seq'),
    createdAt: integer('created_at').notNull(),
    startedAt: integer('started_at'),
    endedAt: integer('ended_at'),
    usage: text({ mode: 'json' }).$type<Usage>().notNull(),
    outcome: text().$type<'complete' | 'partial'>(),
    output: text({ mode: 'json' }).$type<Json>(),
    error: text({ mode: 'json' }).$type<ErrorInfo>(),
  },
  (table) => [
    uniqueIndex('runs_one_active_root').on(table.thread).where(sql`parent is null and status in ('running', 'waiting')`),
    index('runs_open').on(table.thread, table.rank).where(sql`status in ('queued', 'running', 'waiting')`),
    index('runs_thread').on(table.thread),
    index('runs_children').on(table.parent).where(sql`parent is not null`),
  ],
);

export const messages = sqliteTable(
  'messages',
  {
    key: integer().primaryKey(),
    id: text().notNull().unique(),
    thread: integer()
      .notNull()
      .references(() => threads.key),
    /** Null for an imported or forked message. */
    run: integer().references(() => runs.key),
    role: text().$type<'user' | 'assistant'>().notNull(),
    status: text().$type<'queued' | 'complete' | 'dropped' | 'streaming' | 'discarded'>().notNull(),
    /** Its place in the transcript; null while it waits. */
    seq: integer(),
    receivedSeq: integer('received_seq').notNull(),
    /** Seq of its `message.discarded`. */
    discardedSeq: integer('discarded_seq'),
    /** A message that waits for a step of its run, not for a run of its own. */
    steering: integer({ mode: 'boolean' }).notNull().default(false),
    agent: text(),
    text: text().notNull(),
    reasoning: text(),
    finish: text().$type<FinishReason>(),
    metadata: text({ mode: 'json' }).$type<JsonObject>(),
    /** Files that a user's message refers to. */
    attachments: text({ mode: 'json' }).$type<readonly FileRef[]>(),
    /** What a provider wants back at the next step, such as encrypted reasoning. Never shown. */
    providerState: text('provider_state', { mode: 'json' }).$type<ProviderState>(),
    /** What guards said of it, oldest first. A rewrite holds the text that models are sent in the place of its own. */
    verdicts: text({ mode: 'json' }).$type<readonly StoredVerdict[]>(),
    principalId: text('principal_id'),
    at: integer().notNull(),
  },
  (table) => [
    index('messages_transcript').on(table.thread, table.seq),
    index('messages_run').on(table.run),
    index('messages_discarded').on(table.thread).where(sql`status = 'discarded'`),
    index('messages_attached').on(table.thread).where(sql`attachments is not null`),
  ],
);

/** One model call of a run: enough, with the transcript up to `seq`, to compile again what the model was sent. */
export const steps = sqliteTable(
  'steps',
  {
    key: integer().primaryKey(),
    run: integer()
      .notNull()
      .references(() => runs.key),
    number: integer().notNull(),
    attempt: integer().notNull(),
    /** The transcript that was sent is the one up to here. */
    seq: integer().notNull(),
    message: integer()
      .notNull()
      .references(() => messages.key),
    model: text().notNull(),
    instructions: text()
      .notNull()
      .references(() => prompts.hash),
    tools: text()
      .notNull()
      .references(() => prompts.hash),
    options: text({ mode: 'json' }).$type<{ temperature?: number; maxOutputTokens?: number }>().notNull(),
    /** What the model was told after the transcript, such as why its last answer did not do. */
    note: text(),
    finish: text().$type<FinishReason>(),
    usage: text({ mode: 'json' }).$type<Usage>(),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at'),
  },
  (table) => [
    index('steps_run').on(table.run),
    index('steps_message').on(table.message),
    index('steps_instructions').on(table.instructions),
    index('steps_tools').on(table.tools),
  ],
);

/** Instructions and tool definitions, each stored once by the SHA-256 of its text. */
export const prompts = sqliteTable('prompts', { hash: text().primaryKey(), text: text().notNull() });

export const toolCalls = sqliteTable(
  'tool_calls',
  {
    key: integer().primaryKey(),
    id: text().notNull().unique(),
    thread: integer()
      .notNull()
      .references(() => threads.key),
    /** Null for a forked call. */
    run: integer().references(() => runs.key),
    message: integer()
      .notNull()
      .references(() => messages.key),
    tool: text().notNull(),
    input: text({ mode: 'json' }).$type<Json>(),
    /** The arguments of a call that could not be made, as the model wrote them. */
    rejected: text(),
    /** `ready`: what it waited for is there, and nobody has begun to carry it out. */
    status: text().$type<'waiting' | 'ready' | 'running' | 'completed' | 'failed'>().notNull(),
    /** What it waits for, or waited for. */
    waitsFor: text('waits_for').$type<WaitsFor>(),
    /** Of a waiting call: when it is given up. */
    expiresAt: integer('expires_at'),
    /** It may be carried out again when nobody knows whether it was. */
    idempotent: integer({ mode: 'boolean' }).notNull().default(false),
    /** The input that a person put in the place of the model's. */
    editedInput: text('edited_input', { mode: 'json' }).$type<Json>(),
    output: text({ mode: 'json' }).$type<Json>(),
    /** The output, when it is a file or too large for an event; `output` is then its preview. */
    file: text({ mode: 'json' }).$type<FileRef>(),
    error: text({ mode: 'json' }).$type<ErrorInfo>(),
    calledSeq: integer('called_seq').notNull(),
    endedSeq: integer('ended_seq'),
  },
  (table) => [
    index('tool_calls_message').on(table.message),
    index('tool_calls_run').on(table.run),
    index('tool_calls_thread').on(table.thread),
    index('tool_calls_files').on(table.thread).where(sql`file is not null`),
    index('tool_calls_expiry').on(table.expiresAt).where(sql`status = 'waiting' and expires_at is not null`),
  ],
);

/** What a command answered, for as long as it may be asked again with the same key. */
export const receipts = sqliteTable(
  'receipts',
  {
    principal: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of the command and its input: the same key with other content is a conflict. */
    hash: text().notNull(),
    answer: text({ mode: 'json' }).$type<Json>().notNull(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.principal, table.key] }), index('receipts_at').on(table.at)],
);

/**
 * The log. Append-only, and laid out for it: rows in order of arrival, integer keys, no index. Tables clustered by thread, text ids and
 * foreign keys each cost more than the insert itself. `v` is the format of `json`: 1 is the event as readers get it, word for word. 2 and 3 are
 * deltas of text and of reasoning, of which only the text is there, as a JSON string; the ids are those of the message (`eventRows.ts` puts
 * them together); the text of one that a guard withdrew is emptied, and the row stays in its place. Such a row is a quarter as long, and so is what is written, copied by checkpoints and cached: 4 us a token of 28.
 */
export const events = sqliteTable('events', {
  id: integer().primaryKey(),
  thread: integer().notNull(),
  seq: integer().notNull(),
  run: integer().notNull(),
  v: integer().notNull(),
  json: text().notNull(),
  /** Of a delta: the key of its message. */
  message: integer(),
  /** Of a delta: when it was committed. */
  at: integer(),
});

/** Where a thread's events are: their ids as a JSON array, for consecutive events up to `last_seq`. The newest are not in it: see `EventIndex`. */
export const eventIndex = sqliteTable(
  'event_index',
  { thread: integer().notNull(), lastSeq: integer('last_seq').notNull(), ids: text().notNull() },
  (table) => [uniqueIndex('event_index_thread').on(table.thread, table.lastSeq)],
);
