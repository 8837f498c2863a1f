import type { NewVerdict } from '../db/operations/guardVerdict.ts';
import type { StartedMessage } from '../db/operations/startStep.ts';
import type { Usage } from '../protocol/event.ts';
import { addUsage } from '../protocol/usage.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { askGuard, type GuardDrive, type GuardQuestion } from './askGuard.ts';
import type { GuardVerdict, OutputGuard } from './guard.ts';
import { SentenceBuffer } from './sentenceBuffer.ts';
import type { SpokenMessage } from './spokenMessage.ts';

/** What a model call says its message through: without guards, the message itself. */
export type Speech = Pick<SpokenMessage, 'message' | 'hasBegun' | 'say' | 'text' | 'reasoning' | 'assertStored' | 'close'>;

export interface GuardedSpeechOptions {
  readonly guards: readonly OutputGuard[];
  readonly drive: GuardDrive;
  /** The message that is answered. */
  readonly asked: string;
  /** Called at most once, at the first hit. Nothing is written after it; whoever is told makes the word durable and withdraws the message. */
  readonly onHit: (verdict: NewVerdict) => void;
}

type Part = GuardQuestion['part'];

/**
 * A message that output guards look at while a model says it. Its `text` and `reasoning` are what they let through. Those that hold go first,
 * each on what the one before made of the sentence; tripwires see what is delivered. A held text is nowhere but in memory.
 */
export class GuardedSpeech implements Speech {
  readonly #inner: SpokenMessage;
  readonly #options: GuardedSpeechOptions;
  readonly #holding: readonly OutputGuard[];
  readonly #tripwires: readonly OutputGuard[];
  readonly #maxBytes: number;
  readonly #held: SentenceBuffer;
  #heldPart: Part = 'text';
  readonly #queue: { readonly part: Part; text: string }[] = [];
  #queuedBytes = 0;
  #working: Promise<void> | undefined;
  readonly #sentence: SentenceBuffer;
  /** What tripwires have not seen yet, and of it what they are to look at now. */
  readonly #unseen = new Set<Part>();
  readonly #due = new Set<Part>();
  #looking: Promise<void> | undefined;
  /** Reasons of guards that rewrote. */
  readonly #rewrites = new Map<OutputGuard, Set<string>>();
  readonly #usage = new Map<OutputGuard, Usage>();
  #isOver = false;
  #hasBegun = false;
  #failure: unknown;

  constructor(inner: SpokenMessage, options: GuardedSpeechOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#holding = options.guards.filter(({ mode }) => mode === 'hold');
    this.#tripwires = options.guards.filter(({ mode }) => mode !== 'hold');
    this.#maxBytes = options.drive.limits.maxHeldBytes;
    this.#held = new SentenceBuffer(this.#maxBytes);
    this.#sentence = new SentenceBuffer(this.#maxBytes);
  }

  get message(): StartedMessage {
    return this.#inner.message;
  }

  /** Also when all of it is still held. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get text(): string {
    return this.#inner.text;
  }

  get reasoning(): string {
    return this.#inner.reasoning;
  }

  say(part: Part, delta: string): Promise<void> | undefined {
    this.#assertOpen();
    this.#hasBegun = true;
    if (this.#holding.length === 0) return this.#deliver(part, delta);
    if (part !== this.#heldPart) {
      this.#release(this.#held.takeAll());
      this.#heldPart = part;
    }
    this.#release(this.#held.add(delta));
    // A model that is faster than the guards waits for them.
    return this.#queuedBytes > this.#maxBytes ? this.#working : undefined;
  }

  /** The model has said all: resolves when guards have seen it, and each has told its word. Rejects when that cannot be stored. */
  async settle(): Promise<void> {
    this.#release(this.#held.takeAll());
    await this.#working;
    await this.lookAgain();
    this.#assertOpen();
    for (const guard of this.#options.guards) {
      const reasons = this.#rewrites.get(guard);
      if (reasons === undefined && this.text === '' && this.reasoning === '') continue;
      const reason = [...(reasons ?? [])].join(', ');
      const word = this.#wordOf(guard, reasons === undefined ? 'pass' : 'rewrite', reason === '' ? undefined : reason);
      try {
        await this.#options.drive.record(word);
      } catch (cause) {
        this.#failure = cause;
        throw cause;
      }
    }
  }

  /** Tripwires look at what they have not seen: readers have it, also when the model failed. */
  async lookAgain(): Promise<void> {
    for (const part of this.#unseen) this.#due.add(part);
    this.#startLooking();
    await this.#looking;
  }

  /** Nothing is written from here on. */
  stop(): void {
    this.#isOver = true;
  }

  assertStored(): void {
    this.#inner.assertStored();
    if (isStorage(this.#failure)) throw this.#failure;
  }

  close(): void {
    this.#inner.close();
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isOver) throw new VerbatimError('GUARDRAIL_TRIPPED', 'A guard has withdrawn the message.');
  }

  #deliver(part: Part, text: string): Promise<void> | undefined {
    const behind = this.#inner.say(part, text);
    if (this.#tripwires.length === 0) return behind;
    this.#unseen.add(part);
    if (this.#sentence.add(text) !== '') {
      for (const unseen of this.#unseen) this.#due.add(unseen);
      this.#startLooking();
    }
    return behind;
  }

  #release(text: string): void {
    if (text === '' || this.#isOver) return;
    this.#queuedBytes += Buffer.byteLength(text);
    const last = this.#queue.at(-1);
    if (last?.part === this.#heldPart) last.text += text;
    else this.#queue.push({ part: this.#heldPart, text });
    this.#working ??= this.#workOff().finally(() => {
      this.#working = undefined;
    });
  }

  async #workOff(): Promise<void> {
    try {
      for (let piece = this.#queue.shift(); piece !== undefined && !this.#isOver; piece = this.#queue.shift()) {
        const passed = await this.#pass(piece);
        this.#queuedBytes -= Buffer.byteLength(piece.text);
        if (this.#isOver || passed === '') continue;
        const behind = this.#deliver(piece.part, passed);
        if (behind !== undefined) await behind;
      }
    } catch (cause) {
      this.#failure ??= cause;
    }
  }

  async #pass({ part, text }: { readonly part: Part; readonly text: string }): Promise<string> {
    const before = part === 'text' ? this.text : this.reasoning;
    let passing = text;
    for (const guard of this.#holding) {
      const said = await this.#ask(guard, { part, text: passing, before });
      if (said.verdict === 'block') this.#hit(guard, said);
      if (this.#isOver || passing === '') return '';
      if (said.verdict !== 'rewrite') continue;
      passing = said.text;
      const reasons = this.#rewrites.get(guard) ?? new Set();
      this.#rewrites.set(guard, said.reason === undefined ? reasons : reasons.add(said.reason));
    }
    return passing;
  }

  #startLooking(): void {
    if (this.#due.size === 0) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  async #look(): Promise<void> {
    try {
      while (this.#due.size > 0 && !this.#isOver) {
        const parts = [...this.#due];
        this.#due.clear();
        for (const part of parts) this.#unseen.delete(part);
        await Promise.all(parts.flatMap((part) => this.#tripwires.map((guard) => this.#lookAt(guard, part))));
      }
    } catch (cause) {
      this.#failure ??= cause;
    }
  }

  async #lookAt(guard: OutputGuard, part: Part): Promise<void> {
    const text = part === 'text' ? this.text : this.reasoning;
    const said = await this.#ask(guard, { part, text, before: '' });
    if (said.verdict !== 'pass') this.#hit(guard, said);
  }

  async #ask(guard: OutputGuard, question: Pick<GuardQuestion, 'part' | 'text' | 'before'>): Promise<GuardVerdict> {
    const { drive, asked } = this.#options;
    const said = await askGuard(guard, { ...question, stage: 'output', asked }, drive);
    const before = this.#usage.get(guard);
    if (said.usage !== undefined) this.#usage.set(guard, before === undefined ? said.usage : addUsage(before, said.usage));
    return said;
  }

  #hit(guard: OutputGuard, { reason }: GuardVerdict): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onHit(this.#wordOf(guard, 'block', reason));
  }

  #wordOf(guard: OutputGuard, verdict: NewVerdict['verdict'], reason: string | undefined): NewVerdict {
    const { agent } = this.#options.drive;
    const usage = this.#usage.get(guard);
    return { message: this.message, agent, guard: guard.name, stage: 'output', verdict, reason, text: undefined, usage };
  }
}

function isStorage(cause: unknown): boolean {
  return cause instanceof VerbatimError && (cause.code === 'STORAGE_FULL' || cause.code === 'STORAGE_FAILED');
}
