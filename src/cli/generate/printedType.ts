import { isJsonObject, type Json } from '../../protocol/json.ts';
import { keyOf, quoted } from './typeNames.ts';

/** A type as text, and by what its outermost parts are joined, if by anything. */
export interface PrintedType {
  readonly text: string;
  readonly joinedBy?: '|' | '&';
}

export const JSON_TYPE: PrintedType = { text: 'verbatim.Json' };
export const NEVER: PrintedType = { text: 'never' };

export function literal(value: Json): PrintedType {
  return { text: literalText(value) };
}

function literalText(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(literalText).join(', ')}]`;
  if (isJsonObject(value)) {
    const fields = Object.entries(value).map(([key, child]) => `${keyOf(key)}: ${literalText(child ?? null)}`);
    return `{ ${fields.join('; ')} }`;
  }
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

export function union(types: readonly PrintedType[]): PrintedType {
  const distinct = distinctOf(types).filter(({ text }) => text !== NEVER.text);
  const [only] = distinct;
  if (only === undefined) return NEVER;
  if (distinct.some(({ text }) => text === JSON_TYPE.text)) return JSON_TYPE;
  return distinct.length === 1
    ? only
    : { text: distinct.map((type) => (type.joinedBy === '&' ? `(${type.text})` : type.text)).join(' | '), joinedBy: '|' };
}

/** Of no types: any JSON. */
export function intersection(types: readonly PrintedType[]): PrintedType {
  const distinct = distinctOf(types).filter(({ text }) => text !== JSON_TYPE.text);
  const [only] = distinct;
  if (only === undefined) return JSON_TYPE;
  return distinct.length === 1
    ? only
    : { text: distinct.map((type) => (type.joinedBy === '|' ? `(${type.text})` : type.text)).join(' & '), joinedBy: '&' };
}

export function arrayOf(type: PrintedType): PrintedType {
  return { text: `${enclosed(type)}[]` };
}

/** As a part of a tuple. */
export function enclosed({ text, joinedBy }: PrintedType): string {
  return joinedBy === undefined ? text : `(${text})`;
}

function distinctOf(types: readonly PrintedType[]): PrintedType[] {
  return [...new Map(types.map((type) => [type.text, type])).values()];
}
