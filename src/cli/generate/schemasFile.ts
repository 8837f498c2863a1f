import type { Contract } from '../../agents/contractOf.ts';
import type { Json, JsonObject } from '../../protocol/json.ts';
import type { ApiNames } from './apiNames.ts';
import { docComment } from './docComment.ts';
import { fromModule, NOTICE } from './moduleText.ts';
import { keyOf, quoted } from './typeNames.ts';

interface NamedSchema {
  readonly name: string;
  readonly type: string;
  readonly doc: string;
  readonly schema: JsonObject;
}

/** `schemas.js` and `schemas.d.ts`: JSON Schemas, which check too, of what a user of the client makes or wants to check. */
export function schemasFile(contract: Contract, names: ApiNames): { readonly js: string; readonly dts: string } {
  const schemas = schemasOf(contract, names);
  const js = schemas.map(
    ({ name, doc, schema }) => `${docComment([doc])}export const ${name} = /* @__PURE__ */ schema(${literal(schema)});\n`,
  );
  const dts = schemas.map(({ name, type, doc }) => `${docComment([doc])}export declare const ${name}: Schema<${type}>;\n`);
  const types = schemas.map(({ type }) => type).sort();
  const module = 'verbatim-client/schema';
  const jsHead = schemas.length === 0 ? 'export {};\n' : fromModule(module, 'import { schema }');
  const dtsHead = [
    fromModule(module, 'import type { Schema }'),
    types.length === 0 ? '' : fromModule('./api.js', `import type { ${types.join(', ')} }`),
    `\n${fromModule(module, 'export type { Schema, SchemaIssue, SchemaResult }')}`,
  ];
  return { js: [`${NOTICE}${jsHead}`, ...js].join('\n'), dts: [`${NOTICE}${dtsHead.join('')}`, ...dts].join('\n') };
}

function schemasOf({ agents }: Contract, names: ApiNames): NamedSchema[] {
  const named = (type: string, doc: string, schema: JsonObject | undefined): NamedSchema[] =>
    schema === undefined ? [] : [{ name: type.charAt(0).toLowerCase() + type.slice(1), type, doc, schema }];
  return [
    ...Object.entries(agents).flatMap(([name, { context, output }]) => [
      ...named(`${names.agents.get(name)}Context`, `What \`send\` takes as \`context\` for ${name}.`, context),
      ...named(`${names.agents.get(name)}Output`, `What \`run.result().output\` of ${name} is.`, output),
    ]),
    ...names.tools.flatMap(({ name, typeName, tool }) => [
      ...named(
        `${typeName}Input`,
        `What the model passes to \`${name}\`${tool.approval ? ', and what a person may make of it' : ''}.`,
        tool.input,
      ),
      ...named(`${typeName}Output`, `What \`${name}\` answers${tool.kind === 'client' ? ': what the client submits' : ''}.`, tool.output),
    ]),
  ];
}

/** JSON as JavaScript that reads well: keys without quotes where they need none. */
function literal(value: Json | undefined, indent = ''): string {
  const inner = `${indent}  `;
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => literal(item, inner));
    const line = `[${items.join(', ')}]`;
    return line.length <= 100 && !line.includes('\n') ? line : `[\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}]`;
  }
  const fields = Object.entries(value).map(([key, child]) => {
    // In a literal this one would be the prototype.
    const name = key === '__proto__' ? "['__proto__']" : keyOf(key);
    return `${inner}${name}: ${literal(child, inner)},\n`;
  });
  return fields.length === 0 ? '{}' : `{\n${fields.join('')}${indent}}`;
}
