import { and, asc, desc, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import type { FinishReason } from '../protocol/event.ts';
import type { ProviderState } from '../protocol/providerState.ts';
import type { Drizzle } from './drizzle.ts';
import { PREVIEWED_CODE_POINTS } from './preview.ts';
import { messages, type StoredVerdict, toolCalls } from './schema.ts';

export type MessageRow = typeof messages.$inferSelect;

export interface MessagePage {
  readonly limit: number;
  /** The order value of the last row of the page before. */
  readonly before?: number | undefined;
  readonly maxBytes?: number | undefined;
}

export type NewMessage = Omit<typeof messages.$inferInsert, 'key'>;

const EMPTY: Required<Omit<NewMessage, 'id' | 'run' | 'thread' | 'role' | 'status' | 'receivedSeq' | 'text' | 'at'>> = {
  seq: null,
  discardedSeq: null,
  steering: false,
  agent: null,
  reasoning: null,
  finish: null,
  metadata: null,
  attachments: null,
  providerState: null,
  verdicts: null,
  principalId: null,
};

/** Messages among which the first of the user is looked for: a history that was imported begins with it. */
const BEGINNING = 20;

export function prepareMessages(db: Drizzle) {
  const $ = sql.placeholder;
  const insert = db
    .insert(messages)
    .values({
      id: $('id'),
      thread: $('thread'),
      run: $('run'),
      role: $('role'),
      status: $('status'),
      seq: $('seq'),
      receivedSeq: $('receivedSeq'),
      discardedSeq: $('discardedSeq'),
      steering: $('steering'),
      agent: $('agent'),
      text: $('text'),
      reasoning: $('reasoning'),
      finish: $('finish'),
      metadata: $('metadata'),
      attachments: $('attachments'),
      providerState: $('providerState'),
      verdicts: $('verdicts'),
      principalId: $('principalId'),
      at: $('at'),
    })
    .returning({ key: messages.key })
    .prepare();
  const byId = db
    .select()
    .from(messages)
    .where(eq(messages.id, $('id')))
    .prepare();
  const taken = db
    .select()
    .from(messages)
    .where(and(eq(messages.thread, $('thread')), sql`${messages.seq} <= ${$('seq')}`))
    .orderBy(asc(messages.seq))
    .prepare();
  const takenOfRun = db
    .select()
    .from(messages)
    // The plus: by the run's index and not by the thread's.
    .where(and(eq(messages.run, $('run')), sql`+${messages.seq} <= ${$('seq')}`))
    .orderBy(sql`+${messages.seq}`)
    .prepare();
  const ofRun = db
    .select()
    .from(messages)
    .where(eq(messages.run, $('run')))
    .orderBy(asc(messages.receivedSeq))
    .prepare();
  const openOfRun = db
    .select()
    .from(messages)
    .where(and(eq(messages.run, $('run')), sql`${messages.status} in ('queued', 'streaming')`))
    .orderBy(asc(messages.receivedSeq))
    .prepare();
  const waiting = db
    .select()
    .from(messages)
    // Not a parameter: an index has a condition on the status, so SQLite would prepare the statement anew for each value it is given.
    .where(and(eq(messages.run, $('run')), sql`${messages.status} = 'queued'`))
    .orderBy(asc(messages.receivedSeq))
    .prepare();
  const waitingInThread = db
    .select({ count: sql<number>`count(*)` })
    .from(messages)
    .where(and(eq(messages.thread, $('thread')), isNull(messages.seq)))
    .prepare();
  const discarded = db
    .select({ id: messages.id })
    .from(messages)
    .where(and(eq(messages.thread, $('thread')), sql`${messages.status} = 'discarded'`))
    .prepare();
  const take = db
    .update(messages)
    .set({ status: sql`${$('status')}`, seq: sql`${$('seq')}`, steering: false })
    .where(eq(messages.key, $('key')))
    .prepare();
  const complete = db
    .update(messages)
    .set({ status: 'complete', text: sql`${$('text')}`, reasoning: sql`${$('reasoning')}`, finish: sql`${$('finish')}` })
    .where(eq(messages.key, $('key')))
    .prepare();
  const discard = db
    .update(messages)
    .set({ status: 'discarded', text: '', reasoning: null, providerState: null, discardedSeq: sql`${$('seq')}` })
    .where(eq(messages.key, $('key')))
    .prepare();
  const status = db
    .select({ status: messages.status })
    .from(messages)
    .where(eq(messages.key, $('key')))
    .prepare();
  const beginning = db
    .select({ text: sql<string>`substr(${messages.text}, 1, ${sql.raw(String(PREVIEWED_CODE_POINTS))})` })
    .from(messages)
    // By key: of the others, which may be long, only the place is looked at.
    .where(
      sql`${messages.key} = (select key from (select key, role, status from ${messages} where ${messages.thread} = ${$('thread')}
        order by ${messages.seq} nulls last limit ${sql.raw(String(BEGINNING))}) where role = 'user' and status in ('complete', 'queued') limit 1)`,
    )
    .prepare();
  return {
    // A name before the spread: what begins with a spread, and gets more names after it, has a hidden class of its own (Node 20, 1 to 10 us).
    insert: (row: NewMessage): number => insert.get({ run: null, ...EMPTY, ...row })?.key ?? 0,
    byId: (id: string): MessageRow | undefined => byId.get({ id }),
    /** It has begun, and not been closed. */
    isStreaming: (key: number): boolean => status.get({ key })?.status === 'streaming',
    /** The transcript up to a seq, in order. */
    taken: (thread: number, seq: number): MessageRow[] => taken.all({ thread, seq }),
    takenOfRun: (run: number, seq: number): MessageRow[] => takenOfRun.all({ run, seq }),
    ofRun: (run: number): MessageRow[] => ofRun.all({ run }),
    /** Messages of a run that wait or are being said. In order of arrival. */
    openOfRun: (run: number): MessageRow[] => openOfRun.all({ run }),
    /** Messages of a run that wait: its own while it is queued, else steers. In order of arrival. */
    waiting: (run: number): MessageRow[] => waiting.all({ run }),
    waitingInThread: (thread: number): number => waitingInThread.get({ thread })?.count ?? 0,
    discardedIds: (thread: number): string[] => discarded.all({ thread }).map((row) => row.id),
    take: (key: number, status: 'complete' | 'dropped', seq: number): void => void take.run({ key, status, seq }),
    complete: (key: number, text: string, reasoning: string | null, finish: FinishReason): void =>
      void complete.run({ key, text, reasoning, finish }),
    setProviderState(key: number, providerState: ProviderState): void {
      db.update(messages).set({ providerState }).where(eq(messages.key, key)).run();
    },
    agentOf: (key: number): string | null | undefined =>
      db.select({ agent: messages.agent }).from(messages).where(eq(messages.key, key)).get()?.agent,
    discard: (key: number, seq: number): void => void discard.run({ key, seq }),
    setVerdicts(key: number, verdicts: readonly StoredVerdict[]): void {
      db.update(messages).set({ verdicts }).where(eq(messages.key, key)).run();
    },
    /** Withdraws a finished message. Its text stays in the row: the transcript of an earlier position has it. */
    retract(key: number, seq: number): void {
      db.update(messages).set({ status: 'discarded', discardedSeq: seq }).where(eq(messages.key, key)).run();
    },
    /** What the assistant has said, and not withdrawn, after a place in the transcript. */
    saidAfter: (thread: number, seq: number): MessageRow[] =>
      db
        .select()
        .from(messages)
        .where(and(eq(messages.thread, thread), gt(messages.seq, seq), eq(messages.role, 'assistant'), eq(messages.status, 'complete')))
        .orderBy(asc(messages.seq))
        .all(),
    /** The place of the newest of the user. */
    lastAsked: (thread: number): number | null | undefined =>
      db
        .select({ seq: messages.seq })
        .from(messages)
        .where(and(eq(messages.thread, thread), eq(messages.role, 'user'), eq(messages.status, 'complete')))
        .orderBy(desc(messages.seq))
        .limit(1)
        .get()?.seq,
    /** The oldest of the transcript. */
    first: (thread: number, limit: number): MessageRow[] =>
      db
        .select()
        .from(messages)
        .where(and(eq(messages.thread, thread), eq(messages.status, 'complete')))
        .orderBy(asc(messages.seq))
        .limit(limit)
        .all(),
    /** How the first of the user begins, that was taken or waits; undefined when there is none near the beginning. */
    beginning: (thread: number): string | undefined => beginning.get({ thread })?.text,
    /** The message at a place of the transcript. */
    idAt: (thread: number, seq: number): string | undefined =>
      db
        .select({ id: messages.id })
        .from(messages)
        .where(and(eq(messages.thread, thread), eq(messages.seq, seq)))
        .get()?.id,
    /** Gives a message another run: a steer that came too late, or a retry. */
    setRun(key: number, run: number): void {
      db.update(messages).set({ run, steering: false }).where(eq(messages.key, key)).run();
    },
    /**
     * Newest first; those that wait count as newer than all others. At most `limit`, and of these as many as `maxBytes` of text and tool
     * calls hold, but at least one. `more` says that there are older ones.
     */
    newest(thread: number, page: MessagePage): { readonly rows: readonly MessageRow[]; readonly more: boolean } {
      const order = transcriptOrder();
      const { limit, before, maxBytes = Number.POSITIVE_INFINITY } = page;
      const where = and(eq(messages.thread, thread), before === undefined ? undefined : lt(order, before));
      const sizes = db
        .select({ bytes: sizeOfMessage() })
        .from(messages)
        .where(where)
        .orderBy(desc(order))
        .limit(limit + 1)
        .all();
      let bytes = 0;
      const tooMany = sizes.findIndex((size, index) => {
        bytes += size.bytes;
        return index === limit || (index > 0 && bytes > maxBytes);
      });
      const count = tooMany === -1 ? sizes.length : tooMany;
      const rows = count === 0 ? [] : db.select().from(messages).where(where).orderBy(desc(order)).limit(count).all();
      return { rows, more: tooMany !== -1 };
    },
    /** In order, those that wait at the end. */
    oldest(thread: number, { after, limit }: { readonly after: number | undefined; readonly limit: number }): MessageRow[] {
      const order = transcriptOrder();
      const where = and(eq(messages.thread, thread), after === undefined ? undefined : gt(order, after));
      return db.select().from(messages).where(where).orderBy(asc(order)).limit(limit).all();
    },
    removeOfThread(thread: number): void {
      db.delete(messages).where(eq(messages.thread, thread)).run();
    },
  };
}

/** Beyond every seq that a thread can reach: waiting messages come after all others, in order of arrival. */
const WAITING = 2 ** 52;

/** Bytes of what can be long of a message: its text, reasoning and metadata, and what its tools took and gave. */
function sizeOfMessage() {
  const ofCalls = sql`select sum(octet_length(${toolCalls.input}) + coalesce(octet_length(${toolCalls.output}), 0)) from ${toolCalls} where ${toolCalls.message} = ${messages.key}`;
  return sql<number>`octet_length(${messages.text}) + coalesce(octet_length(${messages.reasoning}), 0) + coalesce(octet_length(${messages.metadata}), 0) + coalesce((${ofCalls}), 0)`;
}

function transcriptOrder() {
  return sql<number>`coalesce(${messages.seq}, ${messages.receivedSeq} + ${WAITING})`;
}

/** A message's place among all messages of its thread. */
export function orderOf(row: MessageRow): number {
  return row.seq ?? row.receivedSeq + WAITING;
}
