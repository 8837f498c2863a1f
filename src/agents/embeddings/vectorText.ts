import type { Vector } from './embeddings.ts';

/** A vector as a short text, exactly: most have no more precision than a float of 32 bits. */
export function encodeVector(vector: Vector): string {
  const isSingle = vector.every((number) => Math.fround(number) === number);
  const { buffer } = isSingle ? new Float32Array(vector) : new Float64Array(vector);
  return `${isSingle ? 'f32' : 'f64'}:${Buffer.from(buffer).toString('base64')}`;
}

/** Undefined for what is no such text. */
export function decodeVector(text: unknown): Vector | undefined {
  const [, kind, base64 = ''] = typeof text === 'string' ? (/^(f32|f64):([A-Za-z0-9+/]+=*)$/.exec(text) ?? []) : [];
  if (kind === undefined) return undefined;
  // A copy of its own: Node's pool is not aligned.
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  const width = kind === 'f32' ? 4 : 8;
  if (bytes.length % width !== 0) return undefined;
  return [...(kind === 'f32' ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer))];
}
