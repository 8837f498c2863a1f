import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm';
import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { FileRef } from '../protocol/file.ts';
import type { Json } from '../protocol/json.ts';
import type { Drizzle } from './drizzle.ts';
import { messages, toolCalls } from './schema.ts';

export type ToolCallRow = typeof toolCalls.$inferSelect;
export type NewToolCall = Omit<typeof toolCalls.$inferInsert, 'key'>;

const EMPTY = {
  input: null,
  rejected: null,
  waitsFor: null,
  expiresAt: null,
  idempotent: false,
  editedInput: null,
  output: null,
  file: null,
  error: null,
  endedSeq: null,
};

// Literally as the index has it.
const WAITS_WITH_EXPIRY = sql`${toolCalls.status} = 'waiting' and ${toolCalls.expiresAt} is not null`;

export function prepareToolCalls(db: Drizzle) {
  const $ = sql.placeholder;
  const insert = db
    .insert(toolCalls)
    .values({
      id: $('id'),
      thread: $('thread'),
      run: $('run'),
      message: $('message'),
      tool: $('tool'),
      input: $('input'),
      rejected: $('rejected'),
      status: $('status'),
      waitsFor: $('waitsFor'),
      expiresAt: $('expiresAt'),
      idempotent: $('idempotent'),
      editedInput: $('editedInput'),
      file: $('file'),
      output: $('output'),
      error: $('error'),
      calledSeq: $('calledSeq'),
      endedSeq: $('endedSeq'),
    })
    .prepare();
  const byId = db
    .select()
    .from(toolCalls)
    .where(eq(toolCalls.id, $('id')))
    .prepare();
  const running = db
    .select()
    .from(toolCalls)
    // Not a parameter: an index has a condition on the status, so SQLite would prepare the statement anew each time.
    .where(and(eq(toolCalls.run, $('run')), sql`${toolCalls.status} = 'running'`))
    .orderBy(asc(toolCalls.key))
    .prepare();
  const failed = db
    .select()
    .from(toolCalls)
    .where(and(eq(toolCalls.run, $('run')), sql`${toolCalls.status} = 'failed'`))
    .orderBy(asc(toolCalls.key))
    .prepare();
  const open = db
    .select()
    .from(toolCalls)
    .where(and(eq(toolCalls.run, $('run')), sql`${toolCalls.status} in ('waiting', 'ready', 'running')`))
    .orderBy(asc(toolCalls.key))
    .prepare();
  const nextExpiry = db
    .select({ at: toolCalls.expiresAt })
    .from(toolCalls)
    .where(WAITS_WITH_EXPIRY)
    .orderBy(asc(toolCalls.expiresAt))
    .limit(1)
    .prepare();
  const ofThread = db
    .select()
    .from(toolCalls)
    .where(eq(toolCalls.thread, $('thread')))
    .orderBy(asc(toolCalls.key))
    .prepare();
  const ofRun = db
    .select()
    .from(toolCalls)
    .where(eq(toolCalls.run, $('run')))
    .orderBy(asc(toolCalls.key))
    .prepare();
  return {
    insert: (row: NewToolCall): void => void insert.run({ run: null, ...EMPTY, ...row }),
    byId: (id: string): ToolCallRow | undefined => byId.get({ id }),
    byKey: (key: number): ToolCallRow | undefined => db.select().from(toolCalls).where(eq(toolCalls.key, key)).get(),
    /** Calls of a run at work, in the order they were made. */
    running: (run: number): ToolCallRow[] => running.all({ run }),
    /** Calls of a run without an outcome, whatever they wait for. */
    open: (run: number): ToolCallRow[] => open.all({ run }),
    /** Calls of a run that failed, in order. */
    failed: (run: number): ToolCallRow[] => failed.all({ run }),
    /** When the first waiting call is given up. */
    nextExpiry: (): number | undefined => nextExpiry.get()?.at ?? undefined,
    expired: (now: number): ToolCallRow[] =>
      db
        .select()
        .from(toolCalls)
        .where(and(WAITS_WITH_EXPIRY, lte(toolCalls.expiresAt, now)))
        .all(),
    /** Moves an open call on. */
    set(
      key: number,
      change: Pick<ToolCallRow, 'status'> & Partial<Pick<ToolCallRow, 'waitsFor' | 'expiresAt' | 'editedInput' | 'idempotent'>>,
    ): void {
      db.update(toolCalls).set(change).where(eq(toolCalls.key, key)).run();
    },
    /** Every call of a thread, in the order they were made. */
    ofRun: (run: number): ToolCallRow[] => ofRun.all({ run }),
    ofThread: (thread: number): ToolCallRow[] => ofThread.all({ thread }),
    ofMessages: (keys: readonly number[]): ToolCallRow[] =>
      keys.length === 0
        ? []
        : db
            .select()
            .from(toolCalls)
            .where(inArray(toolCalls.message, [...keys]))
            .orderBy(asc(toolCalls.key))
            .all(),
    finish(
      key: number,
      outcome:
        | { readonly status: 'completed'; readonly output: Json; readonly file?: FileRef }
        | { readonly status: 'failed'; readonly error: ErrorInfo },
      endedSeq: number,
    ): void {
      db.update(toolCalls)
        .set({ ...outcome, endedSeq })
        .where(and(eq(toolCalls.key, key), sql`${toolCalls.status} in ('waiting', 'ready', 'running')`))
        .run();
    },
    removeOfThread(thread: number): void {
      db.delete(toolCalls).where(eq(toolCalls.thread, thread)).run();
    },
    /** The message a call belongs to. */
    messageOf: (call: ToolCallRow): string | undefined =>
      db.select({ id: messages.id }).from(messages).where(eq(messages.key, call.message)).get()?.id,
  };
}
