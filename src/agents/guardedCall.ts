import { setMaxListeners } from 'node:events';
import type { GuardState, NewVerdict } from '../db/operations/guardVerdict.ts';
import type { StartedMessage } from '../db/operations/startStep.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { GuardDrive } from './askGuard.ts';
import type { Guards } from './guard.ts';
import { GuardedSpeech, type Speech } from './guardedSpeech.ts';
import { askInputGuards, type InputOutcome } from './inputGuards.ts';
import type { Drive } from './runWorker.ts';
import { SpokenMessage } from './spokenMessage.ts';

/** What a model call does differently under guards. Its step takes no steers: those that guards looked at were taken before. */
export interface CallGuards {
  /** The call's: it aborts with the run, and when a guard stops the call. */
  readonly signal: AbortSignal;
  /** To be said through in the place of a `SpokenMessage`. Throws when a guard has stopped the call already. */
  speak(message: StartedMessage): Speech;
  /** To be awaited when the model has said all, before anything of it becomes a fact. Rejects when a guard stops the call. */
  settle(): Promise<void>;
  /** To be awaited before a message that broke off is withdrawn: tripwires look at what readers have of it. Throws when one stops the call. */
  lookAgain(): Promise<void>;
}

type Stop = { readonly kind: 'rewrite' } | { readonly kind: 'block'; readonly verdict: NewVerdict };

/**
 * Makes a model call under guards: those that block are asked before it, the others beside it. Throws `GUARDRAIL_TRIPPED` when one blocks, also
 * when it did so before a crash. A call whose question was rewritten meanwhile is withdrawn and made again.
 */
export async function callWithGuards<Result>(
  { input = [], output = [] }: Guards,
  drive: Drive & Pick<GuardDrive, 'agent' | 'inputs'>,
  call: (guards: CallGuards) => Promise<Result>,
): Promise<Result> {
  const { store, held } = drive;
  const record = (verdict: NewVerdict): Promise<void> => store.recordVerdict(held, verdict, undefined);
  const blocking = input.filter((guard) => guard.blocking === true);
  const beside = input.filter((guard) => guard.blocking !== true);
  for (;;) {
    const state = await store.guardState(held);
    if (state.blocked !== undefined) throw tripped(state.blocked.guard);
    const before = await askInputGuards(blocking, state.inputs, { ...drive, record });
    if (before.kind === 'block') {
      await record(before.verdict);
      throw tripped(before.verdict.guard);
    }
    if (before.kind === 'rewrite') continue;
    const guarded = new GuardedCall({ input: beside, output }, drive, state);
    const made = await guarded.make(call);
    if (made !== undefined) return made.result;
  }
}

class GuardedCall implements CallGuards {
  readonly signal: AbortSignal;
  readonly #drive: Drive & Pick<GuardDrive, 'agent' | 'inputs'>;
  readonly #guards: Required<Guards>;
  readonly #state: GuardState;
  /** Ends the call; the guards go on. */
  readonly #callEnds = new AbortController();
  readonly #guardsEnd = new AbortController();
  readonly #asking: Promise<InputOutcome>;
  /** What keeps a word from being stored. */
  #failure: unknown;
  readonly #stopped: Promise<void>;
  #reportStop: () => void = () => {};
  #stop: Stop | undefined;
  readonly #spoken: Promise<void>;
  #reportSpoken: () => void = () => {};
  #message: StartedMessage | undefined;
  #speech: GuardedSpeech | undefined;

  constructor(guards: Required<Guards>, drive: Drive & Pick<GuardDrive, 'agent' | 'inputs'>, state: GuardState) {
    this.#guards = guards;
    this.#drive = drive;
    this.#state = state;
    this.signal = AbortSignal.any([drive.signal, this.#callEnds.signal]);
    this.#stopped = new Promise((resolve) => {
      this.#reportStop = resolve;
    });
    this.#spoken = new Promise((resolve) => {
      this.#reportSpoken = resolve;
    });
    this.#asking = this.#ask();
    // Whoever needs it awaits it; after an abort nobody does.
    this.#asking.catch(() => {});
  }

  /** Undefined when it is to be made again. */
  async make<Result>(call: (guards: CallGuards) => Promise<Result>): Promise<{ readonly result: Result } | undefined> {
    const calling = call(this);
    calling.catch(() => {});
    try {
      await Promise.race([calling, this.#stopped]);
      if (this.#stop === undefined) return { result: await calling };
    } catch (cause) {
      // Of an answer that broke off readers have what there was: tripwires look at it all the same.
      if (this.#stop === undefined && !this.#drive.signal.aborted) await this.#speech?.lookAgain();
      if (this.#stop === undefined) throw this.#failure ?? cause;
    } finally {
      if (this.#stop?.kind !== 'rewrite') this.#endGuards();
    }
    try {
      return await this.#withdraw(this.#stop, calling);
    } finally {
      this.#endGuards();
    }
  }

  speak(message: StartedMessage): Speech {
    this.#message = message;
    this.#reportSpoken();
    if (this.#stop !== undefined) {
      // It began while the call was being stopped. If it cannot be withdrawn now, the end of the run closes it.
      this.#drive.store.withdrawMessage(this.#drive.held, message).catch(() => {});
    }
    this.#assertGoingOn();
    const inner = new SpokenMessage(this.#drive, message, 'model');
    const { output } = this.#guards;
    // An input guard may stop it too, so it can be stopped in any case.
    this.#speech = new GuardedSpeech(inner, {
      guards: output,
      drive: this.#guardDrive(),
      asked: this.#state.inputs.at(-1)?.text ?? '',
      onHit: (verdict) => this.#stopWith({ kind: 'block', verdict }),
    });
    return this.#speech;
  }

  async settle(): Promise<void> {
    await this.#asking;
    this.#assertGoingOn();
    await this.#speech?.settle();
    this.#assertGoingOn();
  }

  async lookAgain(): Promise<void> {
    await this.#speech?.lookAgain();
    this.#assertGoingOn();
  }

  #endGuards(): void {
    this.#guardsEnd.abort(new Error('the call is over'));
  }

  async #ask(): Promise<InputOutcome> {
    try {
      const outcome = await askInputGuards(this.#guards.input, this.#state.inputs, this.#guardDrive());
      if (outcome.kind !== 'pass') this.#stopWith(outcome);
      return outcome;
    } catch (cause) {
      if (!this.#drive.signal.aborted && !this.#guardsEnd.signal.aborted) this.#failure = cause;
      throw cause;
    }
  }

  #guardDrive(): GuardDrive {
    const { store, held } = this.#drive;
    const signal = AbortSignal.any([this.#drive.signal, this.#guardsEnd.signal]);
    // Each guard that is asked listens: Node takes more than ten for a leak.
    setMaxListeners(0, signal);
    return {
      ...this.#drive,
      signal,
      record: (verdict) => {
        const rewrites = verdict.stage === 'input' && verdict.verdict === 'rewrite';
        // What the model makes of the old text is withdrawn in the same transaction.
        if (rewrites) this.#stopWith({ kind: 'rewrite' });
        return store.recordVerdict(held, verdict, rewrites ? this.#message : undefined);
      },
    };
  }

  #stopWith(stop: Stop): void {
    // A block that comes after a rewrite counts.
    if (this.#stop !== undefined && (this.#stop.kind === 'block' || stop.kind === 'rewrite')) return;
    this.#stop = stop;
    this.#speech?.stop();
    this.#callEnds.abort(new VerbatimError('GUARDRAIL_TRIPPED', 'A guard has stopped the model call.'));
    this.#reportStop();
  }

  #assertGoingOn(): void {
    if (this.#stop !== undefined) throw new VerbatimError('GUARDRAIL_TRIPPED', 'A guard has stopped the model call.');
  }

  async #withdraw(stop: Stop | undefined, calling: Promise<unknown>): Promise<undefined> {
    const { store, held } = this.#drive;
    // Its step may be beginning just now: a message that nobody withdraws would stream for ever.
    await Promise.race([this.#spoken, calling.catch(() => {})]);
    // The message closes with the call, but one that is deaf to its signal may go on.
    this.#speech?.close();
    const outcome = stop?.kind === 'rewrite' ? await this.#asking : stop;
    if (outcome?.kind === 'block') {
      await store.recordVerdict(held, outcome.verdict, this.#message);
      throw tripped(outcome.verdict.guard);
    }
    if (this.#message !== undefined) await store.withdrawMessage(held, this.#message);
    return undefined;
  }
}

function tripped(guard: string): VerbatimError {
  return new VerbatimError('GUARDRAIL_TRIPPED', `The guard ${guard} stopped the run.`);
}
