import type { Usage } from '../../protocol/event.ts';
import { addUsage, NO_USAGE } from '../../protocol/usage.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { releaseConnections } from '../models/connectionPool.ts';
import { baseUrlOf, connectOpenai } from '../models/connectOpenai.ts';
import { modelFailure } from '../models/modelFailure.ts';
import { RESILIENCE_DEFAULTS, Resilience, type ResilienceLimits, type ResilienceOptions } from '../models/resilience.ts';
import type { Watchdog } from '../models/watchdog.ts';
import { embeddingAnswer } from './embeddingAnswer.ts';
import type { Embeddings } from './embeddings.ts';
import { textBatches } from './textBatches.ts';

export const OPENAI_EMBEDDINGS_DEFAULTS = {
  ...RESILIENCE_DEFAULTS,
  /** Texts of one request. Servers take 32 (TEI) to 2,048 (OpenAI). */
  maxBatchTexts: 256,
  /** UTF-16 units of one request, unless one text has more. OpenAI takes 300,000 tokens. */
  maxBatchLength: 250_000,
  maxAnswerBytes: 64 * 1024 * 1024,
} as const;

export interface OpenAIEmbeddingsOptions
  extends Partial<ResilienceLimits & Readonly<Record<keyof typeof OPENAI_EMBEDDINGS_DEFAULTS, number>>>,
    ResilienceOptions {
  /** Default: `OPENAI_BASE_URL`, else OpenAI itself. Any server that has `/embeddings`. */
  readonly baseURL?: string;
  /** Default: `OPENAI_API_KEY`. A server of one's own, such as Ollama, works without. */
  readonly apiKey?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How many numbers a vector has, for models that can make shorter ones. */
  readonly dimensions?: number;
}

/**
 * Embeddings of OpenAI, such as `text-embedding-3-small`, or of a server that speaks its API: vLLM, Ollama, TEI and others. Many texts are
 * several requests, one after the other, each with the retries, times and circuit of a model.
 */
export function openaiEmbeddings(model: string, options: OpenAIEmbeddingsOptions = {}): Embeddings {
  const settings = { ...OPENAI_EMBEDDINGS_DEFAULTS, ...definedOnly(options) };
  const resilience = new Resilience(`The embedding model "${model}"`, options);
  const { limits } = resilience;
  const user = {};
  // Servers that refused `encoding_format`, so that each is asked only once.
  const withoutEncoding = new Set<string>();

  async function ask(texts: readonly string[], watchdog: Watchdog) {
    const client = connectOpenai(user, { ...settings, callTimeoutMs: limits.callTimeoutMs });
    const baseURL = baseUrlOf(settings);
    for (let encoded = !withoutEncoding.has(baseURL); ; encoded = false) {
      try {
        const { dimensions } = settings;
        const body = {
          model,
          input: texts,
          ...(encoded && { encoding_format: 'base64' }),
          ...(dimensions !== undefined && { dimensions }),
        };
        // Not `embeddings.create`: it always asks for base64, and takes numbers from servers that do not know it for that.
        const response = await client.post('/embeddings', { body, signal: watchdog.signal }).asResponse();
        const answer = await readJson(response, watchdog, { idleTimeoutMs: limits.idleTimeoutMs, maxBytes: settings.maxAnswerBytes });
        if (!encoded) withoutEncoding.add(baseURL);
        return embeddingAnswer(answer, texts);
      } catch (error) {
        if (!encoded || !refusesEncoding(error)) throw error;
      }
    }
  }

  return {
    name: settings.dimensions === undefined ? model : `${model}/${settings.dimensions}`,
    async embed(texts, { signal }) {
      signal.throwIfAborted();
      const vectors = [];
      let usage: Usage = NO_USAGE;
      for (const batch of textBatches(texts, settings)) {
        const answer = await resilience.whole(signal, (watchdog) => ask(batch, watchdog), modelFailure);
        vectors.push(...answer.vectors);
        usage = addUsage(usage, answer.usage);
      }
      return { vectors, usage };
    },
    close: () => releaseConnections(user),
  };
}

async function readJson(
  response: Response,
  watchdog: Watchdog,
  { idleTimeoutMs, maxBytes }: { readonly idleTimeoutMs: number; readonly maxBytes: number },
): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // undici's body; its chunks are bytes.
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > maxBytes)
      throw new VerbatimError('MODEL_BAD_RESPONSE', `The answer has more than ${maxBytes} bytes.`, { retryable: false });
    parts.push(part);
    watchdog.expect(idleTimeoutMs);
  }
  watchdog.rest();
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (cause) {
    throw new VerbatimError('MODEL_BAD_RESPONSE', 'The model sent something that is not an answer.', { cause });
  }
}

function refusesEncoding(error: unknown): boolean {
  return (
    error instanceof Error &&
    'status' in error &&
    (error.status === 400 || error.status === 422) &&
    /encoding_format/.test(`${error.message}`)
  );
}

/** Options given as `undefined` mean the default. */
function definedOnly(options: OpenAIEmbeddingsOptions): OpenAIEmbeddingsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
