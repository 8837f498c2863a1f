import { and, eq, gt, max, sql } from 'drizzle-orm';
import type { FinishReason, Usage } from '../protocol/event.ts';
import type { Drizzle } from './drizzle.ts';
import type { MessageRow } from './messages.ts';
import { messages, prompts, runs, steps } from './schema.ts';

export type StepRow = typeof steps.$inferSelect;
export type NewStep = Pick<
  StepRow,
  'run' | 'number' | 'attempt' | 'seq' | 'message' | 'model' | 'instructions' | 'tools' | 'options' | 'note' | 'startedAt'
>;

export interface StepOfMessage {
  readonly step: StepRow;
  readonly message: MessageRow;
}

export function prepareSteps(db: Drizzle) {
  const $ = sql.placeholder;
  const insert = db
    .insert(steps)
    .values({
      run: $('run'),
      number: $('number'),
      attempt: $('attempt'),
      seq: $('seq'),
      message: $('message'),
      model: $('model'),
      instructions: $('instructions'),
      tools: $('tools'),
      options: $('options'),
      note: $('note'),
      startedAt: $('startedAt'),
    })
    .prepare();
  const finish = db
    .update(steps)
    .set({
      finish: sql`${$('finish')}`,
      model: sql`coalesce(${$('model')}, ${steps.model})`,
      usage: sql`${$('usage')}`,
      endedAt: sql`${$('endedAt')}`,
    })
    .where(and(eq(steps.message, $('message'))))
    .prepare();
  const modelOf = db
    .select({ model: steps.model })
    .from(steps)
    .where(eq(steps.message, $('message')))
    .prepare();
  const lastNumber = db
    // A maximum, and no limit of one: SQLite prepares a statement anew when the parameter of its limit is bound.
    .select({ number: max(steps.number) })
    .from(steps)
    .where(eq(steps.run, $('run')))
    .prepare();
  const addPrompt = db
    .insert(prompts)
    .values({ hash: $('hash'), text: $('text') })
    .onConflictDoNothing()
    .prepare();
  const prompt = db
    .select({ text: prompts.text })
    .from(prompts)
    .where(eq(prompts.hash, $('hash')))
    .prepare();
  return {
    insert: (row: NewStep): void => void insert.run({ ...row }),
    /** `model` is the one that answered, where that is not the one that was asked. */
    finish: (
      message: number,
      change: {
        readonly finish: FinishReason;
        readonly model: string | null;
        readonly usage: Usage | null;
        readonly endedAt: number;
      },
    ): void => void finish.run({ message, ...change, usage: change.usage === null ? null : JSON.stringify(change.usage) }),
    /** Undefined for the message of an agent that has no steps. */
    modelOf: (message: number): string | undefined => modelOf.get({ message })?.model,
    addPrompt: (hash: string, text: string): void => void addPrompt.run({ hash, text }),
    prompt: (hash: string): string | undefined => prompt.get({ hash })?.text,
    /** The steps of a run, oldest first, with the ids of their messages. */
    ofRun: (run: number): { step: StepRow; messageId: string }[] =>
      db
        .select({ step: steps, messageId: messages.id })
        .from(steps)
        .innerJoin(messages, eq(messages.key, steps.message))
        .where(eq(steps.run, run))
        .orderBy(steps.key)
        .all(),
    /** The same from a number on. */
    page: (run: number, { after, limit }: { readonly after: number; readonly limit: number }): StepOfMessage[] =>
      db
        .select({ step: steps, message: messages })
        .from(steps)
        .innerJoin(messages, eq(messages.key, steps.message))
        .where(and(eq(steps.run, run), gt(steps.number, after)))
        .orderBy(steps.number)
        .limit(limit)
        .all(),
    lastNumber: (run: number): number => lastNumber.get({ run })?.number ?? 0,
    /** With the instructions and tools that only they had: an application may write about its user in them. */
    removeOfThread(thread: number): void {
      const ofThread = sql`${steps.run} in (select ${runs.key} from ${runs} where ${runs.thread} = ${thread})`;
      const used = db.selectDistinct({ instructions: steps.instructions, tools: steps.tools }).from(steps).where(ofThread).all();
      db.delete(steps).where(ofThread).run();
      for (const hash of new Set(used.flatMap((row) => [row.instructions, row.tools]))) {
        const others = sql`select 1 from ${steps} where ${steps.instructions} = ${hash} or ${steps.tools} = ${hash}`;
        db.delete(prompts)
          .where(and(eq(prompts.hash, hash), sql`not exists (${others})`))
          .run();
      }
    },
  };
}
