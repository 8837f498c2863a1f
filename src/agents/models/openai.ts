import type { JsonObject } from '../../protocol/json.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Model } from '../model.ts';
import { chatAnswer } from './chatAnswer.ts';
import { chatRequest, type MaxTokensField } from './chatRequest.ts';
import { releaseConnections } from './connectionPool.ts';
import { baseUrlOf, connectOpenai, OPENAI_URL } from './connectOpenai.ts';
import { mayRefuseStreamOptions, modelFailure } from './modelFailure.ts';
import { RESILIENCE_DEFAULTS, type ResilienceLimits, type ResilienceOptions } from './resilience.ts';
import { resilient } from './resilient.ts';
import { Watchdog } from './watchdog.ts';

export const OPENAI_DEFAULTS = {
  /** Here a sign of life is a byte: keep-alive comments are bytes. */
  ...RESILIENCE_DEFAULTS,
  /** One event of the stream; also the whole of an answer that a server did not stream. */
  maxEventBytes: 1024 * 1024,
  /** All tool calls of one answer, with names and ids. */
  maxToolCallBytes: 1024 * 1024,
} as const;

export type OpenAILimits = ResilienceLimits & Readonly<Record<keyof typeof OPENAI_DEFAULTS, number>>;

export interface OpenAIOptions extends Partial<OpenAILimits>, ResilienceOptions {
  /** Default: `OPENAI_BASE_URL`, else OpenAI itself. Any server that speaks Chat Completions. */
  readonly baseURL?: string;
  /** Default: `OPENAI_API_KEY`. A server of one's own, such as Ollama, works without. */
  readonly apiKey?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields of the provider's own in every request, such as `{ reasoning_effort: 'low' }`. */
  readonly extraBody?: JsonObject;
  /** What the server calls the limit of tokens. Default: `max_completion_tokens` for OpenAI itself, `max_tokens` for others. */
  readonly maxTokensField?: MaxTokensField;
}

/**
 * A model behind Chat Completions: OpenAI, vLLM, Ollama, llama.cpp, Groq, OpenRouter and others. The environment is read at every call.
 * Models of one origin share their connections; `close` ends them, with what is going on in them, when no other model uses them.
 */
export function openai(model: string, options: OpenAIOptions = {}): Model {
  const limits: OpenAIOptions & OpenAILimits = { ...OPENAI_DEFAULTS, ...definedOnly(options) };
  if (options.baseURL !== undefined && !URL.canParse(options.baseURL)) {
    throw new VerbatimError('CONFIG_INVALID', `The baseURL of openai('${model}') is not a URL.`);
  }
  const user = {};
  // Servers that refused `stream_options`, so that each is asked only once.
  const withoutStreamOptions = new Set<string>();

  const completions: Model = {
    name: model,
    async *stream(request, { signal }) {
      const client = connectOpenai(user, limits);
      const baseURL = baseUrlOf(limits);
      const maxTokensField = limits.maxTokensField ?? (baseURL === OPENAI_URL ? 'max_completion_tokens' : 'max_tokens');
      const { extraBody = {} } = limits;

      for (let streamOptions = !withoutStreamOptions.has(baseURL); ; streamOptions = false) {
        const watchdog = new Watchdog(signal, limits.clock);
        try {
          const body = chatRequest(request, { model, maxTokensField, streamOptions, extraBody });
          watchdog.expect(limits.firstByteTimeoutMs);
          const response = await client.chat.completions.create(body, { signal: watchdog.signal }).asResponse();
          if (!streamOptions) withoutStreamOptions.add(baseURL);
          yield* chatAnswer(response, watchdog, limits);
          return;
        } catch (error) {
          // The caller's own reason, whatever the abort looked like underneath.
          signal.throwIfAborted();
          if (!streamOptions || !mayRefuseStreamOptions(error))
            throw modelFailure(watchdog.signal.aborted ? watchdog.signal.reason : error);
        } finally {
          watchdog.stop();
        }
      }
    },
    close: () => releaseConnections(user),
  };
  // The watchdog sees the bytes, which tell more than chunks: a server may keep silent behind comments.
  return resilient(completions, { ...options, firstByteTimeoutMs: Number.POSITIVE_INFINITY, idleTimeoutMs: Number.POSITIVE_INFINITY });
}

/** Options given as `undefined` mean the default. */
function definedOnly(options: OpenAIOptions): OpenAIOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
