import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Model, ModelRequest } from '../model.ts';

const DEFAULT_TOKENS_PER_SECOND = 30;
const MAX_COUNT = 1_000_000;
/** At full speed the event loop gets a turn after this many tokens, so that the call can be aborted and others go on. */
const TOKENS_PER_TURN = 64;
const QUOTED_CODE_POINTS = 200;

/**
 * The built-in model: no network, no key, and the same question has always the same answer. It counts when asked to `count to N`, and
 * says what it is to anything else. `VERBATIM_OFFLINE_TPS` tokens a second, read at every call (default 30; 0: as fast as possible).
 * It never asks for tools.
 */
export function offline(): Model {
  return {
    name: 'offline',
    async *stream(request, { signal }) {
      signal.throwIfAborted();
      const tokensPerSecond = readTokensPerSecond();
      const maxTokens = request.options.maxOutputTokens ?? Number.POSITIVE_INFINITY;
      const pace = new Pace(tokensPerSecond, signal);
      let outputTokens = 0;
      let finish: 'stop' | 'length' = 'stop';
      try {
        for (const token of answerTo(request)) {
          if (outputTokens >= maxTokens) {
            finish = 'length';
            break;
          }
          await pace.until(outputTokens);
          signal.throwIfAborted();
          outputTokens++;
          yield { type: 'text', delta: token };
        }
      } finally {
        pace.stop();
      }
      signal.throwIfAborted();
      yield { type: 'finish', finish, toolCalls: [], usage: { inputTokens: countTokens(request), outputTokens, estimated: true } };
    },
  };
}

function* answerTo(request: ModelRequest): Generator<string> {
  const last = request.messages.findLast((message) => message.role === 'user');
  const question = last?.role === 'user' ? last.text : '';
  const asked = /\bcount\s+to\s+(\d[\d,]*)/i.exec(question)?.[1];
  const count = asked === undefined ? undefined : Number(asked.replaceAll(',', ''));
  if (count !== undefined && count >= 1 && count <= MAX_COUNT) {
    for (let n = 1; n <= count; n++) yield n === 1 ? '1' : ` ${n}`;
    return;
  }
  yield* words(count === undefined ? introduction(question) : `I count from 1 to at most ${MAX_COUNT.toLocaleString('en-US')}.`);
}

function introduction(question: string): string {
  const points = Array.from(question.replace(/\s+/g, ' ').trim());
  const quoted = points.length > QUOTED_CODE_POINTS ? `${points.slice(0, QUOTED_CODE_POINTS).join('')}...` : points.join('');
  return [
    `You asked: "${quoted}".`,
    "I am Verbatim's offline model, and I cannot answer that: I need no network and no key, and know only this text.",
    'All the rest is real: every word here was stored before you saw it, and reaches every reader once and in order, through dropped sockets and restarts.',
    'Say "count to 100" and pull the plug in the middle to see it, or set OPENAI_API_KEY to talk to a real model.',
  ].join(' ');
}

function words(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** About four characters a token, as in English with most vocabularies. */
function countTokens(request: ModelRequest): number {
  const characters = request.messages.reduce((sum, message) => {
    if (message.role === 'tool') return sum + JSON.stringify(message.output).length;
    return sum + message.text.length;
  }, request.instructions.length);
  return Math.ceil(characters / 4);
}

function readTokensPerSecond(): number {
  const value = process.env.VERBATIM_OFFLINE_TPS?.trim() ?? '';
  const tokensPerSecond = value === '' ? DEFAULT_TOKENS_PER_SECOND : Number(value);
  if (Number.isFinite(tokensPerSecond) && tokensPerSecond >= 0) return tokensPerSecond;
  throw new VerbatimError('MODEL_BAD_REQUEST', 'VERBATIM_OFFLINE_TPS must be a number of tokens a second, 0 or more.');
}

/**
 * When each token is due, counted from the start of the call, so that a late timer is caught up with and errors do not add up.
 * One abort listener for the whole call: thousands of streams make tens of thousands of waits a second.
 */
class Pace {
  readonly #msPerToken: number;
  readonly #signal: AbortSignal;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};
  readonly #onAbort = (): void => this.#wake();

  constructor(tokensPerSecond: number, signal: AbortSignal) {
    this.#msPerToken = tokensPerSecond === 0 ? 0 : 1_000 / tokensPerSecond;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Resolves when the token at this place is due, or the signal aborts. */
  async until(place: number): Promise<void> {
    const waitMs = this.#startedAt + place * this.#msPerToken - performance.now();
    if (waitMs <= 0) {
      if (place > 0 && place % TOKENS_PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      return;
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, Math.min(Math.ceil(waitMs), 2 ** 31 - 1));
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
