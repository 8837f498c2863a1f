import type { Principal } from '../protocol/principal.ts';

/** What a guard looks at: a user's message before the model sees it, or an answer before (or while) readers see it. */
export interface GuardInput<Context = unknown> {
  readonly stage: 'input' | 'output';
  readonly text: string;
  readonly agent: string;
  readonly principal: Principal;
  readonly threadId: string;
  readonly runId: string;
  readonly context: Context;
  readonly signal: AbortSignal;
}

/** `reason` is for readers: a category, never the text itself. */
export type GuardVerdict =
  | { readonly verdict: 'pass' }
  | { readonly verdict: 'rewrite'; readonly text: string; readonly reason?: string }
  | { readonly verdict: 'block'; readonly reason?: string };

export interface Guard<Context = unknown> {
  /** Named in `guard.verdict`. */
  readonly name: string;
  check(input: GuardInput<Context>): GuardVerdict | Promise<GuardVerdict>;
}

/** Looks at the newest user message. Beside the first model call, which it stops, unless it is `blocking`: then before it. */
export interface InputGuard<Context = unknown> extends Guard<Context> {
  readonly blocking?: boolean;
}

/**
 * Looks at the answer while it streams. `hold`: text is delivered only after its sentence passed. `tripwire` (default): text streams, and is
 * withdrawn on a hit.
 */
export interface OutputGuard<Context = unknown> extends Guard<Context> {
  readonly mode?: 'hold' | 'tripwire';
}

export interface Guards<Context = unknown> {
  readonly input?: readonly InputGuard<Context>[];
  readonly output?: readonly OutputGuard<Context>[];
}
