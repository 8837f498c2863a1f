import type { Usage } from '../../protocol/event.ts';

/** Where a text lies among others: texts of one model that mean the like point the same way. */
export type Vector = readonly number[];

export interface Embedded {
  /** One for each text, in their order, all of one length. */
  readonly vectors: readonly Vector[];
  /** Absent when nothing is known of it. */
  readonly usage?: Usage;
}

/**
 * Makes vectors of texts. `embed` takes any number of them, throws `VerbatimError` with a `MODEL_*` code as models do, and rejects with the
 * signal's reason, promptly, when that aborts.
 */
export interface Embeddings {
  /** For records and caches. Two that make different vectors have different names. */
  readonly name: string;
  embed(texts: readonly string[], options: { readonly signal: AbortSignal }): Promise<Embedded>;
  /** Frees what is held open, such as sockets. It may be called more than once, and the embeddings may be used again after it. */
  close?(): Promise<void>;
}

/** From -1 to 1, which is the same way; 0 for a vector without any direction. Throws for vectors of different models. */
export function cosineSimilarity(a: Vector, b: Vector): number {
  if (a.length !== b.length) throw new RangeError(`Vectors of ${a.length} and of ${b.length} numbers are not of one model.`);
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}
