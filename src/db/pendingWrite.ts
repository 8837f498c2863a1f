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

/**
 * Text that waits for the next commit. Text of the same message that arrives before it is joined to it. A class, since V8 takes an object
 * literal that outlived a busy moment for one that lives long: 50 bytes a token went to the old generation, to be marked.
 */
export class PendingDelta {
  readonly kind = 'delta';
  readonly stream: DeltaStream;
  text: string;

  constructor(stream: DeltaStream, text: string) {
    this.stream = stream;
    this.text = text;
  }
}

export interface PendingOperation {
  readonly kind: 'operation';
  readonly run: (tx: Tx) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  outcome: { readonly result: unknown } | { readonly refused: VerbatimError } | undefined;
}

export type PendingWrite = PendingDelta | PendingOperation;
