import type { VerbatimError } from '../protocol/verbatimError.ts';
import type { DeltaHead } from './encodedEvent.ts';
import type { Tx } from './groupCommit.ts';
import type { ThreadLog } from './threadLog.ts';

/** What the deltas of one message share. */
export interface DeltaStream {
  readonly log: ThreadLog;
  readonly run: number;
  readonly head: DeltaHead;
  readonly fail: (error: VerbatimError) => void;
}

/** Text that waits for the next commit. Text of the same message that arrives before it is joined to it. */
export interface PendingDelta {
  readonly kind: 'delta';
  readonly stream: DeltaStream;
  text: string;
}

export interface PendingOperation {
  readonly kind: 'operation';
  readonly run: (tx: Tx) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  outcome: { readonly result: unknown } | { readonly refused: VerbatimError } | undefined;
}

export type PendingWrite = PendingDelta | PendingOperation;
