import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { RequestedCall } from '../model.ts';

/** One entry of `delta.tool_calls`, each field absent when the server left it out or sent something else. */
export interface ToolCallFragment {
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** The next part of the arguments; empty for none. */
  readonly arguments: string;
}

/** What was written of a call's arguments. `index` is its place among the calls that the answer will have. */
export interface WrittenArguments {
  readonly index: number;
  readonly tool: string;
  readonly delta: string;
}

interface OpenCall {
  index: number | undefined;
  id: string | undefined;
  name: string;
  arguments: string;
  /** How much of the arguments `written` has told. */
  told: number;
  /** Nothing more belongs to it, as far as `written` has seen. */
  settled: boolean;
}

/**
 * Puts tool calls together from fragments. Servers leave out the index, send 0 for all, use one index twice, leave out ids, or repeat id
 * and name in every fragment: so index and id only propose a call, and the content decides. Nothing can follow arguments that are
 * a whole JSON object, and no call has two names. Throws `MODEL_OUTPUT_TOO_LARGE` beyond `maxBytes` in all.
 */
export class ToolCallAssembly {
  readonly #maxBytes: number;
  readonly #calls: OpenCall[] = [];
  #bytes = 0;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  add(fragment: ToolCallFragment): void {
    // 32 for the call itself: a million empty fragments are not free.
    this.#bytes += 32 + Buffer.byteLength(fragment.arguments) + (fragment.name?.length ?? 0) + (fragment.id?.length ?? 0);
    if (this.#bytes > this.#maxBytes) {
      throw toolCallsTooLarge();
    }
    const call = this.#find(fragment);
    if (call === undefined || startsAnother(call, fragment)) {
      const { index, id, name = '', arguments: text } = fragment;
      this.#calls.push({ index, id, name, arguments: text, told: 0, settled: false });
      return;
    }
    if (isRepetition(call, fragment)) return;
    call.id ??= fragment.id;
    if (call.name === '') call.name = fragment.name ?? '';
    call.arguments += fragment.arguments;
  }

  /**
   * What was written since it was last asked. Of calls in their order: of one that is written beside another that is not whole, nothing is
   * told before that is, since a call that stays cut is left out and changes the places of those behind it.
   */
  written(): WrittenArguments[] {
    const calls = this.#named();
    const written: WrittenArguments[] = [];
    for (const [index, call] of calls.entries()) {
      if (call.told < call.arguments.length) written.push({ index, tool: call.name, delta: call.arguments.slice(call.told) });
      call.told = call.arguments.length;
      if (index + 1 === calls.length) break;
      // Asked once: parsing what is whole again for every fragment behind it would cost more than all else.
      call.settled ||= call.arguments.trim() === '' || isWholeObject(call.arguments);
      if (!call.settled) break;
    }
    return written;
  }

  /** All calls, in the order the model began them. A server that sends no arguments at all for a tool without any means `{}`. */
  calls(): RequestedCall[] {
    return this.#named().map((call) => ({ tool: call.name, arguments: call.arguments.trim() === '' ? '{}' : call.arguments }));
  }

  /** The calls that are whole although the stream was cut: another call followed, or their arguments are a whole JSON object. */
  wholeCalls(): RequestedCall[] {
    return this.#named()
      .filter((call) => isWholeObject(call.arguments) || (call.arguments.trim() === '' && call !== this.#calls.at(-1)))
      .map((call) => ({ tool: call.name, arguments: call.arguments.trim() === '' ? '{}' : call.arguments }));
  }

  /** A call without a name cannot be run, and no provider would take it back in the transcript. */
  #named(): OpenCall[] {
    return this.#calls.filter((call, place) => call.name !== '' && !isEmptyTail(call, this.#calls[place - 1]));
  }

  #find({ index, id }: ToolCallFragment): OpenCall | undefined {
    const byId = id === undefined ? undefined : this.#calls.findLast((call) => call.id === id);
    const byIndex = index === undefined ? undefined : this.#calls.findLast((call) => call.index === index);
    // The same id at another index may be another call, to a server that takes the tool's name for an id: `startsAnother` decides.
    if (byId !== undefined) return byId;
    // An id that comes late belongs to the call at its index.
    if (id !== undefined) return byIndex?.id === undefined ? byIndex : undefined;
    if (index === undefined) return this.#calls.at(-1);
    if (byIndex !== undefined) return byIndex;
    // A server that counts fragments instead of calls: the fragment goes on with the last call when it cannot begin one.
    return this.#calls.at(-1);
  }
}

export function toolCallsTooLarge(): VerbatimError {
  return new VerbatimError('MODEL_OUTPUT_TOO_LARGE', 'The model wrote tool calls that are too large.');
}

function startsAnother(call: OpenCall, fragment: ToolCallFragment): boolean {
  if (fragment.name === undefined) return false;
  const otherIndex = fragment.index !== undefined && call.index !== undefined && fragment.index !== call.index;
  if (call.name !== '' && fragment.name !== call.name) return true;
  if (isRepetition(call, fragment) && !otherIndex) return false;
  if (isWholeObject(call.arguments)) return otherIndex || fragment.id === undefined || fragment.arguments.trim() !== '';
  // The same name again, at another index and not as a repeated id: a second call to the same tool.
  return otherIndex && (fragment.id === undefined || fragment.id !== call.id || call.arguments === '');
}

/** A server that sends every call once more, whole, at the end; or an empty tail that names the call again. */
function isRepetition(call: OpenCall, fragment: ToolCallFragment): boolean {
  if (fragment.id === undefined || fragment.id !== call.id || !isWholeObject(call.arguments)) return false;
  return fragment.arguments === call.arguments || fragment.arguments.trim() === '';
}

/** What looked like the beginning of a second call, without an id, and was the last, empty fragment of a server that repeats the name. */
function isEmptyTail(call: OpenCall, previous: OpenCall | undefined): boolean {
  if (previous === undefined || call.id !== undefined || call.arguments !== '') return false;
  return call.name === previous.name && call.index === previous.index && isWholeObject(previous.arguments);
}

export function isWholeObject(text: string): boolean {
  const trimmed = text.trim();
  // Cheap, and nearly always enough: most fragments end in the middle.
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) return false;
  try {
    JSON.parse(trimmed);
    return true;
  } catch {
    return false; // Not yet whole is an answer, not an error.
  }
}
