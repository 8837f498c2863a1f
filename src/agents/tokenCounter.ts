import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Message } from '../protocol/message.ts';
import { plainMessage } from './plainMessage.ts';

/** Roles, separators and ids, as providers count them: about so many for each turn, a call and its result included. */
const TOKENS_PER_TURN = 4;
/** What an image of middle size costs with most providers. */
const TOKENS_PER_ATTACHMENT = 1_000;
/** The tokenizer's cost grows with the square of a text without spaces: in pieces, by at most a token each more, it does not. */
const PIECE_UNITS = 512;
/** How long counting may keep others waiting. */
const TURN_MS = 5;

type Count = (text: string) => number;
let loading: Promise<Count> | undefined;

/** Loads the tables of one encoding: 150 ms and 65 MB, once, and only for who counts. */
export function loadTokenizer(): Promise<Count> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base').then(
    // What looks like a special token in somebody's text is text.
    ({ countTokens }) =>
      (text) =>
        countTokens(text, { disallowedSpecial: new Set() }),
  );
  return loading;
}

/** Counts about what messages cost a model, by the tokenizer of gpt-4o. Lets others in between when it takes long. */
export class TokenCounter {
  readonly #counted = new Map<Message, number>();
  #sinceMs = performance.now();

  async tokensOf(message: Message): Promise<number> {
    const known = this.#counted.get(message);
    if (known !== undefined) return known;
    const turns = message.role === 'user' ? 1 : 1 + 2 * message.toolCalls.length;
    const attachments = message.role === 'user' ? (message.attachments?.length ?? 0) : 0;
    const words = await this.tokensOfText(plainMessage(message));
    const tokens = words + turns * TOKENS_PER_TURN + attachments * TOKENS_PER_ATTACHMENT;
    this.#counted.set(message, tokens);
    return tokens;
  }

  async tokensOfText(text: string): Promise<number> {
    const count = await loadTokenizer();
    let tokens = 0;
    for (let at = 0; at < text.length; at += PIECE_UNITS) {
      tokens += count(text.slice(at, at + PIECE_UNITS));
      if (performance.now() - this.#sinceMs < TURN_MS) continue;
      await nextTurn();
      this.#sinceMs = performance.now();
    }
    return tokens;
  }
}
