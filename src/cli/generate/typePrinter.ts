import { isJsonObject, type Json, type JsonObject } from '../../protocol/json.ts';
import { jsonSchemaRef } from '../../protocol/jsonSchemaRef.ts';
import { docComment, schemaDoc } from './docComment.ts';
import { arrayOf, enclosed, intersection, JSON_TYPE, literal, NEVER, type PrintedType, union } from './printedType.ts';
import { keyOf, pascalCase, type TypeNames } from './typeNames.ts';

/** Who has the value. A `reader` gets what the server stored, so a field with a default is always there; a `writer` may leave it out. */
export type Side = 'reader' | 'writer';

interface Scope {
  /** The name of the type that is being declared. */
  readonly name: string;
  readonly root: JsonObject;
  /** Names of what is referred to, by `$ref`. */
  readonly refs: Map<string, string>;
  readonly side: Side;
  readonly indent: string;
}

/** What only objects have, and what only arrays have: for schemas that do not say which they are. */
const OBJECT_KEYS = ['properties', 'additionalProperties', 'propertyNames'];
const ARRAY_KEYS = ['items', 'prefixItems'];

/**
 * Prints JSON Schemas as TypeScript types: what zod writes, and what MCP servers send. What is referred to, and so may refer to itself, gets a
 * type of its own. What a type cannot say, or is not understood, makes it wider; JSON at the widest.
 */
export class TypePrinter {
  readonly #names: TypeNames;
  #declarations: string[] = [];
  /** What has an id, and is in many schemas, is declared once: names by content. */
  readonly #shared = new Map<string, string>();

  constructor(names: TypeNames) {
    this.#names = names;
  }

  /** All that was declared since it was last asked, in that order. */
  take(): readonly string[] {
    const taken = this.#declarations;
    this.#declarations = [];
    return taken;
  }

  /** Adds `export type <name> = ...`; the name is taken already. The docstring is `description`, then what the schema says itself. */
  declare(name: string, schema: JsonObject, { side, description }: { readonly side: Side; readonly description: string }): void {
    this.#declare(schema, [description], { name, root: schema, refs: new Map([['#', name]]), side, indent: '' });
  }

  #declare(schema: JsonObject, description: readonly string[], scope: Scope): void {
    // Its place is before that of what it refers to.
    const place = this.#declarations.push('') - 1;
    const doc = docComment([...description, ...schemaDoc(schema)]);
    this.#declarations[place] = `${doc}export type ${scope.name} = ${this.#typeOf(schema, scope).text};\n`;
  }

  #typeOf(schema: Json | undefined, scope: Scope): PrintedType {
    if (schema === false) return NEVER;
    if (!isJsonObject(schema)) return JSON_TYPE;
    if (typeof schema.$ref === 'string') return { text: this.#reference(schema.$ref, scope) };
    if (schema.const !== undefined) return literal(schema.const);
    if (Array.isArray(schema.enum)) return union((schema.enum as readonly Json[]).map(literal));
    if (isJsonObject(schema.not) && Object.keys(schema.not).length === 0) return NEVER;

    const each = (parts: Json | undefined): PrintedType[] =>
      Array.isArray(parts) ? (parts as readonly Json[]).map((part) => this.#typeOf(part, scope)) : [];
    const unions = [schema.anyOf, schema.oneOf].filter(Array.isArray).map((options) => union(each(options)));
    return intersection([this.#ownType(schema, scope), ...unions, ...each(schema.allOf)]);
  }

  #ownType(schema: JsonObject, scope: Scope): PrintedType {
    const { type } = schema;
    if (Array.isArray(type)) return union((type as readonly Json[]).map((one) => this.#ownType({ ...schema, type: one }, scope)));
    switch (type) {
      case 'string':
      case 'boolean':
      case 'number':
      case 'null':
        return { text: type };
      case 'integer':
        return { text: 'number' };
      case 'array':
        return this.#arrayType(schema, scope);
      case 'object':
        return this.#objectType(schema, scope);
    }
    if (OBJECT_KEYS.some((key) => key in schema)) return this.#objectType(schema, scope);
    return ARRAY_KEYS.some((key) => key in schema) ? this.#arrayType(schema, scope) : JSON_TYPE;
  }

  #arrayType(schema: JsonObject, scope: Scope): PrintedType {
    // Before 2020 a tuple was an array in `items`, and what follows it was `additionalItems`.
    const [first, rest] = Array.isArray(schema.items) ? [schema.items, schema.additionalItems] : [schema.prefixItems, schema.items];
    if (!Array.isArray(first)) return arrayOf(this.#typeOf(rest, scope));
    const needed = typeof schema.minItems === 'number' ? schema.minItems : 0;
    const items = (first as readonly Json[]).map((item, i) => {
      const type = this.#typeOf(item, scope);
      return i < needed ? type.text : `${enclosed(type)}?`;
    });
    const isClosed = rest === false || schema.maxItems === first.length;
    return { text: `[${[...items, ...(isClosed ? [] : [`...${arrayOf(this.#typeOf(rest, scope)).text}`])].join(', ')}]` };
  }

  #objectType(schema: JsonObject, scope: Scope): PrintedType {
    const { additionalProperties: rest, propertyNames } = schema;
    const isNamed = isJsonObject(propertyNames) && Array.isArray(propertyNames.enum);
    // A record whose names are known is an object of them.
    const named = isNamed ? (propertyNames.enum as readonly Json[]).map((name) => [String(name), rest] as const) : [];
    const properties = [...Object.entries(isJsonObject(schema.properties) ? schema.properties : {}), ...named];
    if (properties.length === 0) {
      return rest === false ? { text: 'Record<string, never>' } : { text: `{ [key: string]: ${indexed(this.#typeOf(rest, scope))} }` };
    }

    const inner = { ...scope, indent: `${scope.indent}  ` };
    const fields = properties.map(([name, property]) => this.#field(name, property, schema, inner));
    const others = isNamed || rest === undefined || rest === false ? undefined : this.#typeOf(rest, inner);
    // Beside the fields where they are part of it, else apart: a field need not be of the type of the others.
    const isBeside = others?.text === JSON_TYPE.text;
    if (isBeside) fields.push(`${inner.indent}[key: string]: ${indexed(JSON_TYPE)};\n`);
    const fieldsType = { text: `{\n${fields.join('')}${scope.indent}}` };
    return others === undefined || isBeside ? fieldsType : intersection([fieldsType, { text: `{ [key: string]: ${others.text} }` }]);
  }

  #field(name: string, property: Json | undefined, { required }: JsonObject, scope: Scope): string {
    const schema = isJsonObject(property) ? property : {};
    const isRequired = Array.isArray(required) && required.includes(name);
    const isThere = isRequired || (scope.side === 'reader' && schema.default !== undefined);
    const doc = docComment(schemaDoc(schema), scope.indent);
    return `${doc}${scope.indent}${keyOf(name)}${isThere ? '' : '?'}: ${this.#typeOf(property, scope).text};\n`;
  }

  #reference(ref: string, scope: Scope): string {
    const known = scope.refs.get(ref);
    if (known !== undefined) return known;
    const schema = jsonSchemaRef(ref, scope.root);
    if (!isJsonObject(schema)) return JSON_TYPE.text;
    const id = ref.split('/').at(-1) ?? '';
    // Zod numbers what has no id.
    const hasId = !/^__schema\d+$/.test(id);
    const content = `${scope.side} ${id} ${JSON.stringify(schema)}`;
    const shared = hasId ? this.#shared.get(content) : undefined;
    const name = shared ?? this.#names.take(hasId ? pascalCase(id) : `${scope.refs.get('#')}Part`);
    scope.refs.set(ref, name);
    if (hasId) this.#shared.set(content, name);
    if (shared === undefined) this.#declare(schema, [], { ...scope, name, indent: '' });
    return name;
  }
}

/** Of a key that may be absent. */
function indexed({ text }: PrintedType): string {
  return text === JSON_TYPE.text ? `${text} | undefined` : text;
}
