import { isObject, isText, type Problems, recordsOf } from './problems.ts';

/** What the Messages API of Anthropic would refuse of a request. */
export function anthropicProblems(body: Readonly<Record<string, unknown>>): string[] {
  const problems: Problems = [];
  const ids = new Set<unknown>();
  let open: unknown[] = [];
  const messages = recordsOf(body.messages);
  if (messages.length === 0) problems.push('no messages');
  if (typeof body.max_tokens !== 'number') problems.push('no max_tokens');
  if ('system' in body && recordsOf(body.system).some((part) => !isText(part.text))) problems.push('an empty system prompt');
  for (const [place, message] of messages.entries()) {
    const at = `message ${place}`;
    const blocks = recordsOf(message.content);
    if (message.role !== (place % 2 === 0 ? 'user' : 'assistant')) problems.push(`${at}: roles do not alternate from the user on`);
    if (blocks.length === 0) problems.push(`${at}: no content`);
    if (blocks.some((block) => block.type === 'text' && !isText(block.text))) problems.push(`${at}: an empty text`);
    const results = blocks.filter((block) => block.type === 'tool_result');
    for (const { tool_use_id: id } of results) {
      if (!open.includes(id)) problems.push(`${at}: an orphan or second result`);
      open = open.filter((other) => other !== id);
    }
    if (results.some((block, index) => blocks[index] !== block)) problems.push(`${at}: results are not first`);
    if (open.length > 0) problems.push(`${at}: calls without a result right behind them`);
    open = [];
    if (message.role === 'assistant') checkAnswer(blocks, { at, problems, ids, open });
  }
  if (messages.at(-1)?.role !== 'user') problems.push('it does not end with the user');
  return problems;
}

interface Answer {
  readonly at: string;
  readonly problems: Problems;
  readonly ids: Set<unknown>;
  readonly open: unknown[];
}

function checkAnswer(blocks: readonly Readonly<Record<string, unknown>>[], { at, problems, ids, open }: Answer): void {
  const last = String(blocks.at(-1)?.type);
  if (last.includes('thinking')) problems.push(`${at}: ends with thinking`);
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'thinking' && !isText(block.signature)) problems.push(`${at}: thinking without a signature`);
    if (block.type === 'server_tool_use' && !blocks.some((other) => other.tool_use_id === block.id))
      problems.push(`${at}: a server tool without its result`);
    if (block.type !== 'tool_use') continue;
    if (blocks.slice(index).some((later) => later.type === 'text')) problems.push(`${at}: text behind a call`);
    if (!/^[a-zA-Z0-9_-]+$/.test(String(block.id)) || ids.has(block.id)) problems.push(`${at}: call id`);
    ids.add(block.id);
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(block.name))) problems.push(`${at}: tool name ${String(block.name)}`);
    if (!isObject(block.input)) problems.push(`${at}: arguments are no object`);
    open.push(block.id);
  }
}
