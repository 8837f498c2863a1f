import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** What `#`, `#/$defs/Name` and their like point to in a JSON Schema; undefined for what is elsewhere or not there. */
export function jsonSchemaRef(ref: string, root: JsonObject): Json | undefined {
  if (ref !== '#' && !ref.startsWith('#/')) return undefined;
  let at: Json | undefined = root;
  for (const part of ref.split('/').slice(1)) {
    const name = unescaped(part);
    at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return part; // Not escaped as it should be: taken as it is.
  }
}
