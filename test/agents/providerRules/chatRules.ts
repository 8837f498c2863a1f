import { isObject, isText, type Problems, recordsOf } from './problems.ts';

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** What Chat Completions, and the strictest chat templates behind it, would refuse of a request. */
export function chatProblems(body: Readonly<Record<string, unknown>>): string[] {
  const problems: Problems = [];
  const ids = new Set<unknown>();
  let open: unknown[] = [];
  let previous: unknown;
  const messages = recordsOf(body.messages);
  if (messages.length === 0) problems.push('no messages');
  for (const [place, message] of messages.entries()) {
    const at = `message ${place}`;
    if (message.role === 'tool') {
      if (!open.includes(message.tool_call_id)) problems.push(`${at}: an orphan or second result`);
      open = open.filter((id) => id !== message.tool_call_id);
      if (typeof message.content !== 'string') problems.push(`${at}: a result that is no text`);
      previous = 'tool';
      continue;
    }
    if (open.length > 0) problems.push(`${at}: calls without a result before it`);
    open = [];
    if (message.role === previous) problems.push(`${at}: ${String(previous)} twice in a row`);
    previous = message.role;
    if (message.role === 'system' && place !== 0) problems.push(`${at}: system in the middle`);
    if (!['system', 'user', 'assistant'].includes(String(message.role))) problems.push(`${at}: role ${String(message.role)}`);
    const calls = recordsOf(message.tool_calls);
    if ('tool_calls' in message && calls.length === 0) problems.push(`${at}: an empty list of calls`);
    if (!(message.content === null && calls.length > 0) && !isContent(message.content)) problems.push(`${at}: empty content`);
    for (const call of calls) {
      const made = isObject(call.function) ? call.function : {};
      if (typeof call.id !== 'string' || call.id === '' || call.id.length > 40 || ids.has(call.id)) problems.push(`${at}: call id`);
      ids.add(call.id);
      if (!NAME.test(String(made.name))) problems.push(`${at}: tool name ${String(made.name)}`);
      if (typeof made.arguments !== 'string' || !isObject(JSON.parse(made.arguments))) problems.push(`${at}: arguments are no object`);
      open.push(call.id);
    }
  }
  if (open.length > 0) problems.push('calls without a result at the end');
  return problems;
}

function isContent(content: unknown): boolean {
  if (typeof content === 'string') return isText(content);
  const parts = recordsOf(content);
  return parts.length > 0 && parts.every((part) => part.type !== 'text' || isText(part.text));
}
