import { isObject, type Problems, recordsOf } from './problems.ts';

const NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;

/** What Google's generateContent would refuse of a request. */
export function googleProblems(body: Readonly<Record<string, unknown>>): string[] {
  const problems: Problems = [];
  const ids = new Set<unknown>();
  let open: string[] = [];
  let previous: unknown;
  const contents = recordsOf(body.contents);
  if (contents[0]?.role !== 'user') problems.push('it does not begin with the user');
  if (contents.at(-1)?.role !== 'user') problems.push('it does not end with the user or with results');
  for (const [place, content] of contents.entries()) {
    const at = `content ${place}`;
    const parts = recordsOf(content.parts);
    if (parts.length === 0) problems.push(`${at}: no parts`);
    if (parts.some((part) => part.text === '')) problems.push(`${at}: an empty text`);
    if (content.role === 'model' && previous === 'model') problems.push(`${at}: the model twice in a row`);
    previous = content.role;
    const calls = parts.flatMap((part) => (isObject(part.functionCall) ? [part.functionCall] : []));
    const results = parts.flatMap((part) => (isObject(part.functionResponse) ? [part.functionResponse] : []));
    const keys = results.map(keyOf);
    if (keys.join() !== open.join()) problems.push(`${at}: results [${keys}] for calls [${open}]`);
    if (results.length > 0 && results.length < parts.length) problems.push(`${at}: results mixed with something else`);
    open = calls.map(keyOf);
    if (content.role !== 'model' && calls.length > 0) problems.push(`${at}: calls of ${String(content.role)}`);
    for (const { id, name, args } of calls) {
      if (id !== undefined && ids.has(id)) problems.push(`${at}: call id`);
      ids.add(id);
      if (!NAME.test(String(name))) problems.push(`${at}: tool name ${String(name)}`);
      if (!isObject(args)) problems.push(`${at}: arguments are no object`);
    }
    if (results.some(({ response }) => !isObject(response))) problems.push(`${at}: a result is no object`);
  }
  if (open.length > 0) problems.push('calls without a result at the end');
  return problems;
}

function keyOf({ id, name }: Readonly<Record<string, unknown>>): string {
  return `${String(name)}/${String(id)}`;
}
