import type { JsonObject } from '../../protocol/json.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Model } from '../model.ts';
import { OPENAI_ATTACHMENTS } from './attachmentParts.ts';
import { chatWire } from './chatWire.ts';
import { releaseConnections } from './connectionPool.ts';
import { baseUrlOf, connectOpenai, OPENAI_URL } from './connectOpenai.ts';
import { modelAttempts } from './modelAttempts.ts';
import { MODEL_CALL_DEFAULTS } from './modelCallLimits.ts';
import { modelFailure, refusalOf } from './modelFailure.ts';
import { openaiEndpoint } from './openaiEndpoint.ts';
import type { MaxTokensField } from './openaiWire.ts';
import { RefusedFields } from './optionalFields.ts';
import type { ResilienceOptions } from './resilience.ts';
import { resilientAdapter } from './resilient.ts';
import { responsesWire } from './responsesWire.ts';
import { streamedAnswer } from './streamedAnswer.ts';

export const OPENAI_DEFAULTS = {
  ...MODEL_CALL_DEFAULTS,
  /** One event of the stream; also the whole of an answer that a server did not stream. */
  maxEventBytes: 1024 * 1024,
} as const;

export type OpenAILimits = Readonly<Record<keyof typeof OPENAI_DEFAULTS, number>>;

export interface OpenAIOptions extends Partial<OpenAILimits>, Pick<ResilienceOptions, 'clock' | 'random'> {
  /** Default `chat`: Chat Completions. `responses` adds summaries of the reasoning, its encrypted items at the next step, and hosted tools. */
  readonly api?: 'chat' | 'responses';
  /** Default: `OPENAI_BASE_URL`, else OpenAI itself. Any server that speaks the API. */
  readonly baseURL?: string;
  /** Default: `OPENAI_API_KEY`. A server of one's own, such as Ollama, works without. */
  readonly apiKey?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields of the provider's own in every request, such as `{ reasoning_effort: 'low' }`. Of `api: 'responses'`: `{ reasoning: { effort: 'low' } }`. */
  readonly extraBody?: JsonObject;
  /** Of Chat Completions: what the server calls the limit of tokens. Default: `max_completion_tokens` for OpenAI itself, `max_tokens` for others. */
  readonly maxTokensField?: MaxTokensField;
  /**
   * The server holds the model to a JSON schema, as `response_format` or `text.format`. Default: OpenAI itself does, and others do not: a
   * server that ignores the field would leave the model without a word of the schema. One that refuses it is asked in words from then on.
   */
  readonly structuredOutput?: boolean;
  /** Media types of attachments that the model takes, such as `image/*`. Default: images and PDF for OpenAI itself, none for others. */
  readonly attachments?: readonly string[];
  /** Of `api: 'responses'`: tools that the provider carries out, as it defines them, such as `{ type: 'web_search' }`. */
  readonly hostedTools?: readonly JsonObject[];
}

/**
 * A model of OpenAI, or of a server that speaks its APIs: vLLM, Ollama, llama.cpp, Groq, OpenRouter and others. The environment is read at
 * every call. Models of one origin share their connections; `close` ends them, with what is going on in them, when no other model uses them.
 */
export function openai(model: string, options: OpenAIOptions = {}): Model {
  const settings: OpenAIOptions & OpenAILimits = { ...OPENAI_DEFAULTS, ...definedOnly(options) };
  assertOptions(model, settings);
  const wire = settings.api === 'responses' ? responsesWire : chatWire;
  const user = {};
  const refused = new RefusedFields();
  const takesSchema = (baseURL: string): boolean => settings.structuredOutput ?? baseURL === OPENAI_URL;
  const attachmentsAt = (baseURL: string): readonly string[] => settings.attachments ?? (baseURL === OPENAI_URL ? OPENAI_ATTACHMENTS : []);

  const adapter: Model = {
    name: model,
    get structuredOutput() {
      const baseURL = baseUrlOf(settings);
      return takesSchema(baseURL) && !refused.has(baseURL, 'output');
    },
    get attachments() {
      return attachmentsAt(baseUrlOf(settings));
    },
    get endpoints() {
      return [openaiEndpoint(settings)];
    },
    async *stream(request, { signal }) {
      const client = connectOpenai(user, settings);
      const baseURL = baseUrlOf(settings);
      const isPresent: Readonly<Record<string, boolean>> = {
        output: request.output !== undefined && takesSchema(baseURL),
        provider_state: request.messages.some((message) => message.role === 'assistant' && message.providerState !== undefined),
      };
      const fields = refused.ofCall(
        baseURL,
        wire.optionalFields.filter(({ name }) => isPresent[name] !== false),
      );
      // Refused by an earlier call, the caller knows it, and asks in words.
      const asksBySchema = fields.has('output');
      yield* modelAttempts({
        signal,
        limits: settings,
        clock: settings.clock,
        async *attempt(watchdog) {
          const sent = wire.send(
            client,
            request,
            {
              model,
              maxTokensField: settings.maxTokensField ?? (baseURL === OPENAI_URL ? 'max_completion_tokens' : 'max_tokens'),
              fields,
              output: fields.has('output') ? 'schema' : asksBySchema ? 'words' : 'asked',
              attachments: attachmentsAt(baseURL),
              hostedTools: settings.hostedTools ?? [],
              extraBody: settings.extraBody ?? {},
            },
            watchdog.signal,
          );
          const response = await sent;
          fields.accepted();
          yield* streamedAnswer(response, wire.readAnswer({ ...settings, model }), watchdog, settings);
        },
        failureOf: modelFailure,
        askOtherwise(error) {
          const refusal = refusalOf(error);
          return refusal !== undefined && fields.takeOut(refusal);
        },
      });
    },
    close: () => releaseConnections(user),
  };
  return resilientAdapter(adapter, settings);
}

function assertOptions(model: string, { baseURL, api, hostedTools }: OpenAIOptions): void {
  if (baseURL !== undefined && !URL.canParse(baseURL)) {
    throw new VerbatimError('CONFIG_INVALID', `The baseURL of openai('${model}') is not a URL.`);
  }
  if (api !== 'responses' && hostedTools !== undefined) {
    throw new VerbatimError('CONFIG_INVALID', `The hostedTools of openai('${model}') need api: 'responses'.`);
  }
}

/** Options given as `undefined` mean the default. */
function definedOnly(options: OpenAIOptions): OpenAIOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
