import type { Usage } from '../protocol/event.ts';
import type { Principal } from '../protocol/principal.ts';

/** What a guard looks at: a user's message before the model sees it, or an answer before (or while) readers see it. */
export interface GuardInput<Context = unknown> {
  readonly stage: 'input' | 'output';
  /** With `hold`, what is held: a sentence, or several that ended while the guard was busy. With `tripwire`, all of the part so far. */
  readonly text: string;
  /** Of an answer. Readers get the model's reasoning too, so guards look at it like at the text. */
  readonly part: 'text' | 'reasoning';
  /** With `hold`: what has been let through of the part before. Else empty. */
  readonly before: string;
  /** The user's message as the model was sent it; of an answer, the message that it answers. */
  readonly asked: string;
  readonly agent: string;
  readonly principal: Principal;
  readonly threadId: string;
  readonly runId: string;
  readonly context: Context;
  /** Aborts when the run does, when its time is up, or when another guard has blocked the message. */
  readonly signal: AbortSignal;
}

/**
 * `reason` is for readers: a category, never the text itself. A rewrite to nothing but spaces blocks a user's message, which may not be empty,
 * and leaves a held sentence out. Text that readers have cannot be rewritten: under `tripwire` a rewrite blocks.
 */
export type GuardVerdict = (
  | { readonly verdict: 'pass'; readonly reason?: string | undefined }
  | { readonly verdict: 'rewrite'; readonly text: string; readonly reason?: string | undefined }
  | { readonly verdict: 'block'; readonly reason?: string | undefined }
) & {
  /** Of the guard's own model calls: it is counted in the run. */
  readonly usage?: Usage | undefined;
};

export interface Guard<Context = unknown> {
  /** Named in `guard.verdict`. */
  readonly name: string;
  /** Default: the limit `guardTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** What it means when the guard throws, takes too long, or says what is no verdict. Default `block`, with the reason `guard failed`. */
  readonly onError?: 'block' | 'pass' | undefined;
  check(input: GuardInput<Context>): GuardVerdict | Promise<GuardVerdict>;
  /** Frees what it holds open, such as sockets, when the server closes. It may be called more than once. */
  close?(): Promise<void>;
}

/**
 * Looks at each user message that the run answers, once, whatever restarts come. Beside the model call, which it stops, unless it is
 * `blocking`: then before it. What it makes of the text is what models are sent, in this run and later; the log keeps the user's words.
 */
export interface InputGuard<Context = unknown> extends Guard<Context> {
  readonly blocking?: boolean | undefined;
}

/**
 * Looks at the answer while it streams. `hold`: text is delivered only after its sentence passed. `tripwire` (default): text streams; the guard
 * looks at it at the end of each sentence and of the answer, and on a hit all of the message is withdrawn.
 */
export interface OutputGuard<Context = unknown> extends Guard<Context> {
  readonly mode?: 'hold' | 'tripwire' | undefined;
}

export interface Guards<Context = unknown> {
  readonly input?: readonly InputGuard<Context>[];
  readonly output?: readonly OutputGuard<Context>[];
}

/** Frees what guards hold open. */
export async function closeGuards({ input = [], output = [] }: Guards): Promise<void> {
  await Promise.all([...input, ...output].map((guard) => guard.close?.()));
}

export function hasGuards({ input = [], output = [] }: Guards): boolean {
  return input.length > 0 || output.length > 0;
}
