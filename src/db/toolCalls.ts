import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { Json } from '../protocol/json.ts';
import type { Drizzle } from './drizzle.ts';
import { messages, toolCalls } from './schema.ts';

export type ToolCallRow = typeof toolCalls.$inferSelect;
export type NewToolCall = Omit<typeof toolCalls.$inferInsert, 'key'>;

const EMPTY = {
  run: null,
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
    .where(and(eq(toolCalls.run, $('run')), eq(toolCalls.status, 'running')))
    .orderBy(asc(toolCalls.key))
    .prepare();
  const ofThread = db
    .select()
    .from(toolCalls)
    .where(eq(toolCalls.thread, $('thread')))
    .orderBy(asc(toolCalls.key))
    .prepare();
  return {
    insert: (row: NewToolCall): void => void insert.run({ ...EMPTY, ...row }),
    byId: (id: string): ToolCallRow | undefined => byId.get({ id }),
    /** Calls of a run without an outcome, in the order they were made. */
    running: (run: number): ToolCallRow[] => running.all({ run }),
    /** Every call of a thread, in the order they were made. */
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
      outcome: { readonly status: 'completed'; readonly output: Json } | { readonly status: 'failed'; readonly error: ErrorInfo },
      endedSeq: number,
    ): void {
      db.update(toolCalls)
        .set({ ...outcome, endedSeq })
        .where(and(eq(toolCalls.key, key), eq(toolCalls.status, 'running')))
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
