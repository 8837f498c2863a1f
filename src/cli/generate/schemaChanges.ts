import { isJsonObject, type Json, type JsonObject } from '../../protocol/json.ts';
import { rulesOf, type SchemaVariant, variantsOf } from './schemaVariants.ts';

/**
 * - `lost`: a field is gone. `gained`: there is a new one that need not be there; `demanded`: one that must.
 * - `required`: a field may no longer be left out. `optional`: one may now be missing.
 * - `narrowed`: less is allowed. `widened`: more is, of another type. `loosened`: more is, of the same type.
 * - `changed`: something else altogether.
 */
export type SchemaChangeKind = 'lost' | 'gained' | 'demanded' | 'required' | 'optional' | 'narrowed' | 'widened' | 'loosened' | 'changed';

export interface SchemaChange {
  readonly kind: SchemaChangeKind;
  /** The field, such as `items[].price`; empty for the whole. */
  readonly path: string;
  /** What happened to it: `is now required`. Nothing for `lost` and `gained`. */
  readonly what: string;
}

/** What differs in the values that two JSON Schemas allow. Descriptions do not count. */
export function schemaChanges(before: JsonObject, after: JsonObject): SchemaChange[] {
  const comparison = new Comparison(before, after);
  comparison.compare(before, after, '');
  return comparison.changes;
}

const LOWER_BOUNDS: readonly (readonly [key: string, words: string])[] = [
  ['minimum', 'at least'],
  ['exclusiveMinimum', 'more than'],
  ['minLength', 'at least this long:'],
  ['minItems', 'at least this many:'],
  ['minProperties', 'at least this many fields:'],
];
const UPPER_BOUNDS: readonly (readonly [key: string, words: string])[] = [
  ['maximum', 'at most'],
  ['exclusiveMaximum', 'less than'],
  ['maxLength', 'at most this long:'],
  ['maxItems', 'at most this many:'],
  ['maxProperties', 'at most this many fields:'],
];
const EXACT_RULES = ['pattern', 'format', 'multipleOf', 'uniqueItems', 'contentEncoding'];

class Comparison {
  readonly changes: SchemaChange[] = [];
  readonly #roots: { readonly before: JsonObject; readonly after: JsonObject };
  /** Pairs that are compared already: what refers to itself comes back to them. */
  readonly #seen = new Map<JsonObject, Set<JsonObject>>();

  constructor(before: JsonObject, after: JsonObject) {
    this.#roots = { before, after };
  }

  compare(before: Json | undefined, after: Json | undefined, path: string): void {
    const old = variantsOf(before, this.#roots.before);
    const now = variantsOf(after, this.#roots.after);
    const { pairs, gone, added } = pairUp(old, now);
    if (pairs.length === 0 && gone.length === old.length && added.length === now.length && gone.length > 0 && added.length > 0) {
      this.#add('changed', path, `changed from ${labels(gone, now)} to ${labels(added, old)}`);
      return;
    }
    if (gone.length > 0) this.#add('narrowed', path, `is no longer ${labels(gone, now)}`);
    if (added.length > 0) this.#add('widened', path, `may now be ${labels(added, old)}`);
    for (const [one, other] of pairs) this.#compareVariant(one, other, path);
  }

  #compareVariant(before: SchemaVariant, after: SchemaVariant, path: string): void {
    const seen = this.#seen.get(before.schema) ?? new Set();
    if (seen.has(after.schema)) return;
    this.#seen.set(before.schema, seen.add(after.schema));
    if (before.kind === 'other') {
      if (JSON.stringify(before.schema) !== JSON.stringify(after.schema)) this.#add('changed', path, 'changed');
      return;
    }
    this.#compareRules(before.schema, after.schema, path);
    if (before.kind === 'array') this.#compareItems(before.schema, after.schema, path);
    if (before.kind === 'object') this.#compareFields(before.schema, after.schema, path);
  }

  #compareRules(before: JsonObject, after: JsonObject, path: string): void {
    for (const [bounds, isTighter] of [
      [LOWER_BOUNDS, (was: number, is: number) => is > was],
      [UPPER_BOUNDS, (was: number, is: number) => is < was],
    ] as const) {
      for (const [key, words] of bounds) {
        const [was, is] = [before[key], after[key]];
        if (was === is) continue;
        if (typeof is !== 'number') this.#add('loosened', path, `need no longer be ${words} ${was}`);
        else if (typeof was !== 'number') this.#add('narrowed', path, `is now ${words} ${is}`);
        else this.#add(isTighter(was, is) ? 'narrowed' : 'loosened', path, `is now ${words} ${is}, was ${was}`);
      }
    }
    if (before.type !== after.type && after.type === 'integer') this.#add('narrowed', path, 'is now a whole number');
    if (before.type !== after.type && before.type === 'integer') this.#add('loosened', path, 'need no longer be a whole number');
    for (const key of EXACT_RULES) {
      const [was, is] = [before[key], after[key]];
      if (was === is) continue;
      if (is === undefined) this.#add('loosened', path, `has no ${key} any more`);
      else this.#add('narrowed', path, `has ${was === undefined ? 'a' : 'another'} ${key} now: ${JSON.stringify(is)}`);
    }
  }

  #compareItems(before: JsonObject, after: JsonObject, path: string): void {
    const [old, now] = [tupleOf(before), tupleOf(after)];
    for (let i = 0; i < Math.max(old.first.length, now.first.length); i += 1) {
      this.compare(old.first[i] ?? old.rest, now.first[i] ?? now.rest, `${path}[${i}]`);
    }
    if (old.rest !== false || now.rest !== false) this.compare(old.rest, now.rest, `${path}[]`);
  }

  #compareFields(before: JsonObject, after: JsonObject, path: string): void {
    const [old, now] = [fieldsOf(before), fieldsOf(after)];
    for (const name of [...new Set([...old.keys(), ...now.keys()])].sort()) {
      const [was, is] = [old.get(name), now.get(name)];
      const field = path === '' ? name : `${path}.${name}`;
      if (is === undefined) this.#add('lost', field, '');
      else if (was === undefined) this.#add(is.isRequired ? 'demanded' : 'gained', field, is.isRequired ? 'is now required' : '');
      else {
        if (is.isRequired && !was.isRequired) this.#add('required', field, 'is now required');
        if (was.isThere && !is.isThere) this.#add('optional', field, 'may now be missing');
        else if (was.isRequired && !is.isRequired) this.#add('loosened', field, 'may now be left out');
        this.compare(was.schema, is.schema, field);
      }
    }
    const [oldRest, newRest] = [restOf(before), restOf(after)];
    const others = path === '' ? 'other fields' : `${path}.*`;
    if (oldRest === false && newRest === false) return;
    if (newRest === false) this.#add('narrowed', path, 'takes no other fields any more');
    else if (oldRest === false) this.#add('loosened', path, 'takes other fields now');
    else this.compare(oldRest, newRest, others);
  }

  #add(kind: SchemaChangeKind, path: string, what: string): void {
    this.changes.push({ kind, path, what });
  }
}

/** What is compared with what; and what is in one alone, unless the other allows it all the same. */
function pairUp(old: readonly SchemaVariant[], now: readonly SchemaVariant[]) {
  const pairs: (readonly [SchemaVariant, SchemaVariant])[] = [];
  const gone = [...old];
  const added = [...now];
  const match = (isPair: (one: SchemaVariant, other: SchemaVariant) => boolean): void => {
    for (const one of [...gone]) {
      const other = added.find((candidate) => isPair(one, candidate));
      if (other === undefined) continue;
      pairs.push([one, other]);
      gone.splice(gone.indexOf(one), 1);
      added.splice(added.indexOf(other), 1);
    }
  };
  const rulesText = ({ schema }: SchemaVariant): string => JSON.stringify(rulesOf(schema));
  match((one, other) => one.key === other.key && rulesText(one) === rulesText(other));
  match((one, other) => one.key === other.key);
  const alone = (variant: SchemaVariant, all: readonly SchemaVariant[]): boolean =>
    all.filter(({ kind }) => kind === variant.kind).length === 1;
  match((one, other) => one.kind === 'object' && other.kind === 'object' && alone(one, old) && alone(other, now));
  return { pairs, gone: gone.filter((one) => !isCovered(one, now)), added: added.filter((one) => !isCovered(one, old)) };
}

function isCovered({ literalOf }: SchemaVariant, by: readonly SchemaVariant[]): boolean {
  return by.some(({ kind }) => kind === 'any' || (literalOf !== undefined && kind === literalOf));
}

/** `any string` where the other side has some strings. */
function labels(variants: readonly SchemaVariant[], others: readonly SchemaVariant[]): string {
  return variants
    .map(({ kind, label }) => (others.some(({ literalOf }) => literalOf === kind) ? label.replace(/^an? /, 'any ') : label))
    .join(' or ');
}

interface Field {
  readonly schema: Json | undefined;
  /** It must be given. */
  readonly isRequired: boolean;
  /** It is there for who reads it: given, or the default. */
  readonly isThere: boolean;
}

function fieldsOf({ properties, propertyNames, additionalProperties, required }: JsonObject): Map<string, Field> {
  const named = isJsonObject(propertyNames) && Array.isArray(propertyNames.enum) ? (propertyNames.enum as readonly Json[]) : [];
  const all = [
    ...Object.entries(isJsonObject(properties) ? properties : {}),
    ...named.map((name) => [String(name), additionalProperties] as const),
  ];
  return new Map(
    all.map(([name, schema]) => {
      const isRequired = Array.isArray(required) && required.includes(name);
      const hasDefault = isJsonObject(schema) && schema.default !== undefined;
      return [name, { schema, isRequired, isThere: isRequired || hasDefault }];
    }),
  );
}

/** Of a record of known names, those are the fields, and there are no others. */
function restOf({ propertyNames, additionalProperties }: JsonObject): Json {
  return isJsonObject(propertyNames) && Array.isArray(propertyNames.enum) ? false : (additionalProperties ?? true);
}

function tupleOf(schema: JsonObject): { readonly first: readonly Json[]; readonly rest: Json } {
  // Before 2020 a tuple was an array in `items`.
  const [first, rest] = Array.isArray(schema.items) ? [schema.items, schema.additionalItems] : [schema.prefixItems, schema.items];
  return { first: Array.isArray(first) ? (first as readonly Json[]) : [], rest: (rest as Json | undefined) ?? true };
}
