import { z } from 'zod';
import type { NewVerdict } from '../db/operations/guardVerdict.ts';
import type { InstructionsContext } from './agent.ts';
import type { Guard, GuardInput, GuardVerdict } from './guard.ts';
import { abortable } from './models/abortable.ts';
import type { Drive } from './runWorker.ts';
import { withTimeout } from './withTimeout.ts';

/** What guards of one step of a run are asked with. */
export interface GuardDrive extends Pick<Drive, 'clock' | 'limits' | 'signal' | 'logFailure'> {
  readonly agent: string;
  readonly inputs: InstructionsContext;
  /** Makes a guard's word durable. */
  readonly record: (verdict: NewVerdict) => Promise<void>;
}

export type GuardQuestion = Pick<GuardInput, 'stage' | 'text' | 'part' | 'before' | 'asked'>;

const FAILED = 'guard failed';
/** A reason is a category: a longer one is likely to quote. */
const MAX_REASON_CODE_POINTS = 100;

const verdictSchema = z.discriminatedUnion('verdict', [
  z.object({ verdict: z.literal('pass'), reason: z.string().optional() }),
  z.object({ verdict: z.literal('rewrite'), text: z.string(), reason: z.string().optional() }),
  z.object({ verdict: z.literal('block'), reason: z.string().optional() }),
]);

/** Asks one guard. A guard that fails is a verdict, by its `onError`; rejects only when the run was stopped meanwhile. */
export async function askGuard(guard: Guard, question: GuardQuestion, drive: GuardDrive): Promise<GuardVerdict> {
  const { clock, limits, signal, logFailure, agent, inputs } = drive;
  const timeoutMs = guard.timeoutMs ?? limits.guardTimeoutMs;
  try {
    const asking = withTimeout({ clock, signal }, { timeoutMs, code: 'GUARDRAIL_TRIPPED', what: `The guard ${guard.name}` }, async (own) =>
      guard.check({ ...question, ...inputs, agent, signal: own }),
    );
    // A guard has no effects that a cancel would have to wait for.
    const said = await abortable(asking, signal);
    const verdict = verdictSchema.parse(said);
    return { ...verdict, reason: shortened(verdict.reason), usage: said.usage };
  } catch (cause) {
    signal.throwIfAborted();
    logFailure({ runId: inputs.runId, cause: withoutText(guard, cause) });
    return { verdict: guard.onError ?? 'block', reason: FAILED };
  }
}

function shortened(reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : [...reason].slice(0, MAX_REASON_CODE_POINTS).join('');
}

/** What a guard throws may quote what it looked at: of it only the kind and the place are logged. */
function withoutText({ name }: Guard, cause: unknown): Error {
  const error = new Error(`The guard ${name} failed with ${kindOf(cause)}.`);
  const frames = cause instanceof Error ? (cause.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line)) : [];
  error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
  return error;
}

/** Its class, and what a program calls it: a code, or the status of an HTTP answer. */
function kindOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  const facts = ['code', 'status'].flatMap((key) => {
    const fact: unknown = Reflect.get(cause, key);
    return typeof fact === 'number' || (typeof fact === 'string' && /^\w{1,40}$/.test(fact)) ? [String(fact)] : [];
  });
  return facts.length === 0 ? cause.name : `${cause.name} (${facts.join(', ')})`;
}
