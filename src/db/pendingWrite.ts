import type { VerbatimError } from '../protocol/verbatimError.ts';
import type { Tx } from './groupCommit.ts';
import type { ThreadLog } from './threadLog.ts';

/** Text that waits for the next commit. Text of the same message that arrives before it is joined to it. */
export interface PendingDelta {
  readonly kind: 'delta';
  readonly log: ThreadLog;
  readonly run: number;
  readonly head: string;
  text: string;
  readonly fail: (error: VerbatimError) => void;
}

export interface PendingOperation {
  readonly kind: 'operation';
  readonly run: (tx: Tx) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  outcome: { readonly result: unknown } | { readonly refused: VerbatimError } | undefined;
}

export type PendingWrite = PendingDelta | PendingOperation;
