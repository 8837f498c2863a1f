import { isJsonObject, type Json, type JsonObject } from '../../protocol/json.ts';
import { jsonSchemaRef } from '../../protocol/jsonSchemaRef.ts';

/** One of the kinds of values that a schema allows: a literal, or what is of one type. */
export interface SchemaVariant {
  /** The same for what is compared with each other: a type, the literal itself, or an object's constant fields. */
  readonly key: string;
  readonly kind: 'literal' | 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object' | 'any' | 'other';
  /** The kind that a literal is one of. */
  readonly literalOf?: SchemaVariant['kind'];
  /** In words, with its article. */
  readonly label: string;
  readonly schema: JsonObject;
}

const MAX_REFS = 50;
/** Words about a value, which allow and refuse nothing. */
const DOCUMENTATION: ReadonlySet<string> = new Set([
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$schema',
  '$defs',
  'definitions',
  '$comment',
  'id',
  '$id',
]);
/** What the comparison does not look into. */
const NOT_UNDERSTOOD = [
  'allOf',
  'not',
  'if',
  'then',
  'else',
  'patternProperties',
  'dependentRequired',
  'dependentSchemas',
  'contains',
  'unevaluatedProperties',
];

export function variantsOf(schema: Json | undefined, root: JsonObject, refs = 0): SchemaVariant[] {
  if (schema === false) return [];
  if (!isJsonObject(schema)) return [ANY];
  if (typeof schema.$ref === 'string' && refs < MAX_REFS) return variantsOf(jsonSchemaRef(schema.$ref, root), root, refs + 1);
  if (schema.const !== undefined) return [literalVariant(schema.const)];
  if (Array.isArray(schema.enum)) return (schema.enum as readonly Json[]).map(literalVariant);
  if (isJsonObject(schema.not) && Object.keys(schema.not).length === 0) return [];
  const options = schema.anyOf ?? schema.oneOf;
  const rules = rulesOf(schema);
  if (Array.isArray(options) && Object.keys(rules).length === 1) {
    return distinct((options as readonly Json[]).flatMap((option) => variantsOf(option, root, refs + 1)));
  }
  if (options !== undefined || NOT_UNDERSTOOD.some((key) => key in rules))
    return [{ key: 'other', kind: 'other', label: 'what it is', schema: rules }];
  if (Array.isArray(schema.type)) return (schema.type as readonly Json[]).map((type) => typeVariant({ ...schema, type }));
  return Object.keys(rules).length === 0 ? [ANY] : [typeVariant(schema)];
}

/** Without documentation. */
export function rulesOf(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !DOCUMENTATION.has(key)));
}

const ANY: SchemaVariant = { key: 'any', kind: 'any', label: 'anything', schema: {} };

function literalVariant(value: Json): SchemaVariant {
  const text = JSON.stringify(value);
  if (value === null) return { key: 'null', kind: 'null', label: 'null', schema: {} };
  return { key: `literal ${text}`, kind: 'literal', literalOf: kindOf(typeof value), label: text, schema: {} };
}

function typeVariant(schema: JsonObject): SchemaVariant {
  const kind = kindOf(
    schema.type ?? ('properties' in schema ? 'object' : 'items' in schema || 'prefixItems' in schema ? 'array' : undefined),
  );
  if (kind === 'object') {
    const constants = constantsOf(schema);
    const label = constants === '' ? 'an object' : `an object with ${constants}`;
    return { key: `object ${constants}`, kind, label, schema };
  }
  const article = kind === 'array' ? 'an ' : kind === 'null' || kind === 'other' ? '' : 'a ';
  return { key: kind, kind, label: kind === 'other' ? 'what it is' : `${article}${kind}`, schema };
}

function kindOf(type: unknown): SchemaVariant['kind'] {
  switch (type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
    case 'array':
    case 'object':
      return type;
    default:
      return 'other';
  }
}

/** Fields that say which member of a union it is. */
function constantsOf({ properties }: JsonObject): string {
  if (!isJsonObject(properties)) return '';
  const constants = Object.entries(properties).flatMap(([name, property]) =>
    isJsonObject(property) && property.const !== undefined ? [`${name}: ${JSON.stringify(property.const)}`] : [],
  );
  return constants.join(', ');
}

function distinct(variants: readonly SchemaVariant[]): SchemaVariant[] {
  const seen = new Set<string>();
  return variants.filter((variant) => {
    const whole = `${variant.key} ${JSON.stringify(variant.schema)}`;
    return !seen.has(whole) && seen.add(whole);
  });
}
