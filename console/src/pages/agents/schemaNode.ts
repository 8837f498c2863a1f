import { strings } from '../../strings.ts';

const text = strings.agents.schema;

/** A JSON schema as people read it. */
export interface SchemaNode {
  /** In words, such as `list of string`. */
  readonly type: string;
  readonly description?: string;
  /** What else a value must be, such as `at most 500`. */
  readonly rules: readonly string[];
  readonly fields: readonly SchemaField[];
}

export interface SchemaField {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: unknown;
}

type Known = Readonly<Record<string, unknown>>;

/** `root` is where references lead. A schema may refer to itself: whoever reads its fields must stop somewhere. */
export function readSchema(schema: unknown, root: unknown): SchemaNode {
  if (!isObject(schema)) return { type: schema === false ? text.nothing : text.any, rules: [], fields: [] };
  const known = resolved(schema, root);
  const { description } = known;
  return {
    type: typeOf(known, root),
    ...(typeof description === 'string' && { description }),
    rules: rulesOf(known),
    fields: fieldsOf(known, root),
  };
}

/** Lists in lists that are looked into: one may hold itself. */
const MAX_LISTS = 8;

/** Of an object, of what a list has in it, or of the alternatives. */
function fieldsOf(schema: Known, root: unknown, lists = 0): readonly SchemaField[] {
  const { properties, items, required } = schema;
  if (isObject(properties)) {
    const needed = new Set(Array.isArray(required) ? required : []);
    return Object.entries(properties).map(([name, field]) => ({ name, isRequired: needed.has(name), schema: field }));
  }
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0 || !isObject(items) || lists === MAX_LISTS) return alternatives;
  return fieldsOf(resolved(items, root), root, lists + 1);
}

/** What stands beside a reference is about this place. */
function resolved(schema: Known, root: unknown): Known {
  const target = typeof schema.$ref === 'string' ? follow(schema.$ref, root) : undefined;
  return target === undefined ? schema : { ...target, ...schema };
}

function typeOf(schema: Known, root: unknown): string {
  const { type, enum: choices, const: only, anyOf, oneOf, allOf, items, additionalProperties, properties, $ref } = schema;
  const inner = (part: unknown): string => {
    // No further: it may lead back here.
    if (isObject(part) && typeof part.$ref === 'string') return nameOf(part.$ref);
    return isObject(part) ? typeOf(part, root) : text.any;
  };
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join(text.or);
  for (const parts of [anyOf, oneOf]) if (Array.isArray(parts)) return [...new Set(parts.map(inner))].join(text.or);
  if (Array.isArray(allOf)) return [...new Set(allOf.map(inner))].join(text.and);
  if (type === 'array') return items === undefined ? text.list : text.listOf(inner(items));
  if (type === 'object' && properties === undefined && isObject(additionalProperties)) return text.mapOf(inner(additionalProperties));
  if (Array.isArray(type)) return type.join(text.or);
  if (typeof type === 'string') return type;
  return typeof $ref === 'string' ? nameOf($ref) : text.any;
}

/** Of a union of objects, each by its place: they are read one by one. */
function alternativesOf({ anyOf, oneOf, allOf }: Known): readonly SchemaField[] {
  const parts = [anyOf, oneOf, allOf].find(Array.isArray) ?? [];
  if (!parts.some((part: unknown) => isObject(part) && (isObject(part.properties) || typeof part.$ref === 'string'))) return [];
  return parts.map((schema: unknown, index: number) => ({ name: text.alternative(index + 1), isRequired: true, schema }));
}

function rulesOf(schema: Known): readonly string[] {
  const rules: string[] = [];
  for (const [key, said] of Object.entries(text.rules)) {
    const value = schema[key];
    // What every whole number of this language is, anyhow.
    if (value === undefined || Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER) continue;
    rules.push(said(typeof value === 'string' ? value : JSON.stringify(value)));
  }
  return rules;
}

function follow(ref: string, root: unknown): Known | undefined {
  if (!ref.startsWith('#')) return undefined;
  let at: unknown = root;
  for (const part of ref.slice(1).split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return isObject(at) ? at : undefined;
}

function nameOf(ref: string): string {
  return ref === '#' ? text.same : (ref.split('/').at(-1) ?? ref);
}

function isObject(value: unknown): value is Known {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
