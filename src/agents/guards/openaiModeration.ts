import { OpenAI } from 'openai';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { pooledFetch, releaseConnections } from '../models/connectionPool.ts';
import { type ReadyGuard, type ReadyGuardOptions, readySettings } from './readyGuard.ts';

const OPENAI_URL = 'https://api.openai.com/v1';

export interface OpenAIModerationOptions extends ReadyGuardOptions {
  /** Default: `OPENAI_API_KEY`. */
  readonly apiKey?: string | undefined;
  /** Default: OpenAI itself, whatever `OPENAI_BASE_URL` says: servers of models rarely have moderations. */
  readonly baseURL?: string | undefined;
  /** Default `omni-moderation-latest`. */
  readonly model?: string | undefined;
  /** Those that block, as the API names them, such as `hate/threatening`. Default: all. */
  readonly categories?: readonly string[] | undefined;
}

/** Blocks what OpenAI's moderation endpoint flags. The reason names the categories. */
export function openaiModeration(options: OpenAIModerationOptions = {}): ReadyGuard {
  const { baseURL = OPENAI_URL, model = 'omni-moderation-latest', categories } = options;
  if (!URL.canParse(baseURL)) throw new VerbatimError('CONFIG_INVALID', 'The baseURL of openaiModeration is not a URL.');
  const user = {};
  return {
    ...readySettings(options, { name: 'moderation', mode: 'tripwire' }),
    async check({ text, signal }) {
      const apiKey = options.apiKey ?? process.env.OPENAI_API_KEY ?? '';
      if (apiKey === '' && baseURL === OPENAI_URL) {
        throw new VerbatimError('MODEL_UNAUTHORIZED', 'There is no API key for OpenAI: set OPENAI_API_KEY, or give openaiModeration one.');
      }
      const client = new OpenAI({
        baseURL,
        // The package insists on a key; a null header takes it out again.
        apiKey: apiKey || 'none',
        adminAPIKey: null,
        ...(apiKey === '' && { defaultHeaders: { Authorization: null } }),
        fetch: pooledFetch(new URL(baseURL).origin, user),
        // It would write bodies to the console.
        logLevel: 'off',
      });
      const { results } = await client.moderations.create({ model, input: text }, { signal });
      if (results.length === 0) throw new VerbatimError('MODEL_BAD_RESPONSE', 'The moderation endpoint answered without a result.');
      const flagged = results.flatMap((result) => Object.entries(result.categories).flatMap(([name, hit]) => (hit === true ? [name] : [])));
      const blocking = categories === undefined ? flagged : flagged.filter((name) => categories.includes(name));
      const unnamed = categories === undefined && results.some((result) => result.flagged);
      if (blocking.length === 0 && !unnamed) return { verdict: 'pass' };
      return { verdict: 'block', reason: blocking.length === 0 ? 'flagged' : [...new Set(blocking)].join(', ') };
    },
    close: () => releaseConnections(user),
  };
}
