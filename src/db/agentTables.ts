import { sql } from 'drizzle-orm';
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { ApprovalStatus } from '../protocol/approval.ts';
import type { Usage } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import type { Principal } from '../protocol/principal.ts';
import { runs, threads, toolCalls } from './schema.ts';

/** What a person is asked about a tool call, and what came of it. */
export const approvals = sqliteTable(
  'approvals',
  {
    key: integer().primaryKey(),
    call: integer()
      .notNull()
      .references(() => toolCalls.key),
    thread: integer()
      .notNull()
      .references(() => threads.key),
    run: integer()
      .notNull()
      .references(() => runs.key),
    status: text().$type<ApprovalStatus>().notNull(),
    /** Who may decide: principals with this role; null for who may write in the thread. */
    role: text(),
    /** Why a person is asked. */
    question: text(),
    requestedAt: integer('requested_at').notNull(),
    decidedAt: integer('decided_at'),
    by: text(),
    reason: text(),
    remember: text().$type<'run' | 'thread'>(),
  },
  (table) => [
    uniqueIndex('approvals_call').on(table.call),
    index('approvals_thread').on(table.thread),
    index('approvals_run').on(table.run),
    index('approvals_pending').on(table.role, table.key).where(sql`status = 'pending'`),
  ],
);

/** A decision that a person asked to be remembered: for one run and its children, or for all of a thread when `run` is null. */
export const approvalRules = sqliteTable(
  'approval_rules',
  {
    key: integer().primaryKey(),
    thread: integer()
      .notNull()
      .references(() => threads.key),
    run: integer().references(() => runs.key),
    agent: text().notNull(),
    tool: text().notNull(),
    /** The role that the decision took. */
    role: text(),
    decision: text().$type<'approved' | 'rejected'>().notNull(),
    by: text().notNull(),
    /** Who decided: it holds while they still may. Null in rows from before this was kept, which hold for nobody. */
    principal: text({ mode: 'json' }).$type<Principal>(),
    reason: text(),
    at: integer().notNull(),
  },
  (table) => [index('approval_rules_thread').on(table.thread, table.tool), index('approval_rules_run').on(table.run)],
);

/** A file: what a user attached, or what a tool gave back. Its bytes are in `file_chunks`. */
export const files = sqliteTable(
  'files',
  {
    key: integer().primaryKey(),
    id: text().notNull().unique(),
    owner: text().notNull(),
    /** Of a tool's output: it goes with its thread. */
    thread: integer().references(() => threads.key),
    name: text(),
    type: text().notNull(),
    size: integer().notNull(),
    sha256: text().notNull(),
    /** All of its bytes are there. */
    complete: integer({ mode: 'boolean' }).notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('files_owner').on(table.owner), index('files_thread').on(table.thread)],
);

export const fileChunks = sqliteTable(
  'file_chunks',
  {
    file: integer()
      .notNull()
      .references(() => files.key),
    number: integer().notNull(),
    bytes: blob({ mode: 'buffer' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.file, table.number] })],
);

/** What tools keep for a principal or for a thread. `holder` is the principal's or the thread's id. */
export const memories = sqliteTable(
  'memories',
  {
    scope: text().$type<'principal' | 'thread'>().notNull(),
    holder: text().notNull(),
    key: text().notNull(),
    value: text({ mode: 'json' }).$type<Json>().notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.holder, table.key] })],
);

/** What a model made of a thread's beginning: it stands for the messages up to `seq`. The log is not touched. */
export const summaries = sqliteTable(
  'summaries',
  {
    key: integer().primaryKey(),
    thread: integer()
      .notNull()
      .references(() => threads.key),
    agent: text().notNull(),
    seq: integer().notNull(),
    text: text().notNull(),
    model: text().notNull(),
    usage: text({ mode: 'json' }).$type<Usage>(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [uniqueIndex('summaries_thread').on(table.thread, table.agent, table.seq)],
);
