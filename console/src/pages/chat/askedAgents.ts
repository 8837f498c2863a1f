import type { AgentInfo, Json, JsonObject } from 'verbatim-agents/client';

/** Those that a message was sent to, by the names it goes by; none when one of them is not there any more. */
export function askedBy(sentTo: string, agents: readonly AgentInfo[]): readonly string[] {
  const isThere = (name: string): boolean => agents.some((agent) => agent.name === name);
  if (isThere(sentTo)) return [sentTo];
  const several = sentTo.split('+');
  return several.every(isThere) ? several : [];
}

/** JSON schema of what all of them take besides the message: each is given the whole. */
export function contextOf(agents: readonly AgentInfo[]): Json | undefined {
  const schemas = agents.flatMap(({ context }) => (context === undefined ? [] : [context]));
  const [first, ...others] = schemas;
  if (first === undefined || others.length === 0 || !schemas.every(isObjectSchema)) return first;
  return {
    ...(first as JsonObject),
    properties: Object.assign({}, ...schemas.map((schema) => schema.properties)),
    required: [...new Set(schemas.flatMap((schema) => (Array.isArray(schema.required) ? schema.required : [])))],
  };
}

function isObjectSchema(schema: Json): schema is JsonObject & { readonly properties: JsonObject } {
  return typeof schema === 'object' && schema !== null && 'properties' in schema && typeof schema.properties === 'object';
}
