import { createHash } from 'node:crypto';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import type { RunRow } from '../runs.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import { type TranscriptMessage, transcript } from './transcript.ts';

export interface StepInput {
  readonly run: HeldRun;
  readonly agent: string;
  readonly model: string;
  readonly instructions: string;
  /** Tool definitions as JSON text. */
  readonly tools: string;
  readonly options: { temperature?: number; maxOutputTokens?: number };
  /** What the model is told after the transcript. */
  readonly note?: string | undefined;
  /** Steers that wait go on waiting: guards have not looked at them. */
  readonly leaveSteers?: boolean;
}

export interface StartedStep {
  readonly number: number;
  readonly message: StartedMessage;
  readonly messages: readonly TranscriptMessage[];
}

export interface StartedMessage {
  readonly key: number;
  readonly id: string;
}

/** Begins a model call: takes the steers that wait, and returns the transcript to send, as it stands before the new message. */
export function startStep(tx: Tx, input: StepInput): StartedStep {
  const run = heldRun(tx, input.run);
  const { queries } = tx;
  if (input.leaveSteers !== true) takeSteers(tx, input.run);
  const seq = tx.headOf(run.thread);
  const messages = transcript(queries, run, seq);
  const number = queries.steps.lastNumber(run.key) + 1;
  const message = startMessage(tx, input.run, { agent: input.agent, step: number });
  const instructions = hashOf(input.instructions);
  const tools = hashOf(input.tools);
  queries.steps.addPrompt(instructions, input.instructions);
  queries.steps.addPrompt(tools, input.tools);
  queries.steps.insert({
    run: run.key,
    number,
    attempt: run.attempt,
    seq,
    message: message.key,
    model: input.model,
    instructions,
    tools,
    options: input.options,
    note: input.note ?? null,
    startedAt: tx.now,
  });
  return { number, message, messages };
}

/** Puts the messages that wait for the next step of a run into the transcript, in order of arrival; returns how many. */
export function takeSteers(tx: Tx, run: HeldRun): number {
  const steers = tx.queries.messages.waiting(run.key);
  for (const steer of steers) {
    const seq = tx.append(run.thread, run.key, { type: 'message.steered', runId: run.id, messageId: steer.id });
    tx.queries.messages.take(steer.key, 'complete', seq);
  }
  return steers.length;
}

/** Begins a message of the assistant. */
export function startMessage(tx: Tx, held: HeldRun, { agent, step }: { readonly agent: string; readonly step: number }): StartedMessage {
  const run = heldRun(tx, held);
  const id = newId('msg');
  const seq = tx.append(run.thread, run.key, { type: 'message.started', runId: run.id, messageId: id, agent, step, ...parentOf(tx, run) });
  const key = tx.queries.messages.insert({
    id,
    thread: run.thread,
    run: run.key,
    role: 'assistant',
    status: 'streaming',
    seq,
    receivedSeq: seq,
    agent,
    text: '',
    at: tx.now,
  });
  return { key, id };
}

function parentOf({ queries }: Tx, { parent }: RunRow): { readonly parentRunId?: string } {
  const parentRunId = parent === null ? undefined : queries.runs.byKey(parent)?.id;
  return parentRunId === undefined ? {} : { parentRunId };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
