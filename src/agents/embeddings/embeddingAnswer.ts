import type { Usage } from '../../protocol/event.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Embedded, Vector } from './embeddings.ts';

/** About how many UTF-16 units a token has in English; servers that report nothing leave us with this. */
const UNITS_PER_TOKEN = 4;

/**
 * What an answer of `/embeddings` means, whatever the server makes of the format: vectors as numbers or as base64 of little-endian floats, in
 * any order with an `index`, or in order without one. Throws `MODEL_BAD_RESPONSE` for any other.
 */
export function embeddingAnswer(answer: unknown, texts: readonly string[]): Embedded & { readonly usage: Usage } {
  const data = field(answer, 'data');
  if (!Array.isArray(data)) throw badAnswer('has no list of vectors');
  if (data.length !== texts.length) throw badAnswer(`has ${data.length} vectors for ${texts.length} texts`);
  const vectors = inOrder(data).map((entry) => vectorOf(field(entry, 'embedding')));
  if (vectors.some((vector) => vector.length !== vectors[0]?.length)) throw badAnswer('has vectors of different lengths');
  return { vectors, usage: usageOf(field(answer, 'usage'), texts) };
}

function inOrder(data: readonly unknown[]): readonly unknown[] {
  const placed = new Map(data.map((entry) => [field(entry, 'index'), entry]));
  // Some leave the index out, or count nothing with it.
  if (placed.size === 1) return data;
  return data.map((_, index) => placed.get(index) ?? badIndex());
}

function badIndex(): never {
  throw badAnswer('has vectors without a place');
}

function vectorOf(value: unknown): Vector {
  const vector = typeof value === 'string' ? floatsOf(value) : value;
  if (!isVector(vector)) throw badAnswer('has something that is not a vector');
  return vector;
}

function isVector(value: unknown): value is Vector {
  return Array.isArray(value) && value.length > 0 && value.every((number) => Number.isFinite(number));
}

function floatsOf(base64: string): Vector {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readFloatLE(i * 4));
}

function usageOf(value: unknown, texts: readonly string[]): Usage {
  const reported = field(value, 'prompt_tokens') ?? field(value, 'total_tokens');
  if (typeof reported === 'number' && Number.isSafeInteger(reported) && reported >= 0) return { inputTokens: reported, outputTokens: 0 };
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return { inputTokens: Math.ceil(length / UNITS_PER_TOKEN), outputTokens: 0, estimated: true };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function badAnswer(what: string): VerbatimError {
  return new VerbatimError('MODEL_BAD_RESPONSE', `The answer of the embedding model ${what}.`);
}
