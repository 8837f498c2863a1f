import { isObject, isText, type Problems, recordsOf } from './problems.ts';

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** What the Responses API would refuse of a request that brings its whole conversation. */
export function responsesProblems(body: Readonly<Record<string, unknown>>): string[] {
  const problems: Problems = [];
  const ids = new Set<unknown>();
  const open = new Set<unknown>();
  /** Reasoning whose next item has not come. */
  let reasoning = 0;
  const input = recordsOf(body.input);
  if (input.length === 0) problems.push('no input');
  if (body.store !== false) problems.push('stored at the provider');
  for (const [place, item] of input.entries()) {
    const at = `item ${place}`;
    if (item.type === 'reasoning') {
      if (typeof item.encrypted_content !== 'string') problems.push(`${at}: reasoning without its encrypted content`);
      if (ids.has(item.id)) problems.push(`${at}: reasoning twice`);
      ids.add(item.id);
      reasoning++;
      continue;
    }
    if (item.type === 'function_call') {
      if (typeof item.call_id !== 'string' || item.call_id === '' || item.call_id.length > 64 || ids.has(item.call_id))
        problems.push(`${at}: call id`);
      ids.add(item.call_id);
      open.add(item.call_id);
      if (!NAME.test(String(item.name))) problems.push(`${at}: tool name ${String(item.name)}`);
      if (typeof item.arguments !== 'string' || !isObject(JSON.parse(item.arguments))) problems.push(`${at}: arguments are no object`);
    } else if (item.type === 'function_call_output') {
      if (!open.delete(item.call_id)) problems.push(`${at}: an orphan or second result`);
      if (typeof item.output !== 'string') problems.push(`${at}: a result that is no text`);
      if (reasoning > 0) problems.push(`${at}: reasoning without what it led to`);
    } else if (item.role === 'user' || item.role === 'assistant') {
      // The model may have gone on thinking and talking after it asked for a call.
      if (item.role === 'user' && open.size > 0) problems.push(`${at}: calls without a result before it`);
      if (item.role === 'user' && reasoning > 0) problems.push(`${at}: reasoning without what it led to`);
      const parts = recordsOf(item.content);
      const isFull = typeof item.content === 'string' ? isText(item.content) : parts.length > 0;
      if (!isFull || parts.some((part) => part.type === 'input_text' && !isText(part.text))) problems.push(`${at}: empty content`);
    } else if (typeof item.type !== 'string' || !item.type.endsWith('_call')) problems.push(`${at}: ${String(item.type)}`);
    reasoning = 0;
  }
  if (open.size > 0) problems.push('calls without a result at the end');
  if (reasoning > 0) problems.push('reasoning at the end');
  return problems;
}
