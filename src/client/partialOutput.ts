import { parse } from 'partial-json';
import type { AnyEvent } from '../protocol/event.ts';

/** A value of which any part may not be there yet. The last text of it may be cut. */
export type DeepPartial<T> = T extends readonly (infer Item)[]
  ? readonly DeepPartial<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> }
    : T;

/** What the text of a run says so far, read as JSON; at the end its checked output. */
export async function* partialOutput(runId: string, events: AsyncIterable<AnyEvent>): AsyncGenerator<unknown, void> {
  let messageId: string | undefined;
  let text = '';
  let last = '';
  for await (const event of events) {
    if (event.type === 'thread.snapshot' || event.runId !== runId) continue;
    if (event.type === 'run.completed' && event.output !== undefined) {
      yield event.output;
      return;
    }
    // Withdrawn, or another message: what comes is read anew.
    if (event.type === 'message.discarded' && event.messageId === messageId) text = '';
    if (event.type !== 'text.delta') continue;
    text = (event.messageId === messageId ? text : '') + event.delta;
    messageId = event.messageId;
    const value = read(text);
    const json = JSON.stringify(value);
    if (value === undefined || json === last) continue;
    last = json;
    yield value;
  }
}

function read(text: string): unknown {
  const from = text.search(/[[{]/);
  if (from === -1) return undefined;
  try {
    return parse(text.slice(from));
  } catch {
    return undefined; // Not JSON (yet): a code block's end, or words.
  }
}
