import type { LanguageModelV3, LanguageModelV3CallOptions, LanguageModelV3ProviderTool, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Model, ModelRequest } from '../agents/model.ts';
import { abortable } from '../agents/models/abortable.ts';
import { OPENAI_ATTACHMENTS } from '../agents/models/attachmentParts.ts';
import { modelAttempts } from '../agents/models/modelAttempts.ts';
import { MODEL_CALL_DEFAULTS, type ModelCallLimits } from '../agents/models/modelCallLimits.ts';
import { type CallFields, RefusedFields } from '../agents/models/optionalFields.ts';
import type { ResilienceOptions } from '../agents/models/resilience.ts';
import { resilientAdapter } from '../agents/models/resilient.ts';
import { withOutputInstructions } from '../agents/outputInstructions.ts';
import { aiSdkFailure, aiSdkRefusal } from './aiSdkFailure.ts';
import { aiSdkPrompt } from './aiSdkPrompt.ts';
import { aiSdkStateOf } from './aiSdkState.ts';
import { readAiSdkStream } from './readAiSdkStream.ts';

export interface FromAiSdkOptions extends Partial<ModelCallLimits>, Pick<ResilienceOptions, 'clock' | 'random'> {
  /** For records and usage. Default: the model's id. */
  readonly name?: string;
  /** Passed on with every call, such as `{ anthropic: { thinking: { type: 'enabled', budgetTokens: 2_000 } } }`. */
  readonly providerOptions?: SharedV3ProviderOptions;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Tools that the provider carries out, such as `{ type: 'provider', id: 'anthropic.web_search_20250305', name: 'web_search', args: {} }`. */
  readonly hostedTools?: readonly LanguageModelV3ProviderTool[];
  /** The provider holds the model to a JSON schema. Default true. */
  readonly structuredOutput?: boolean;
  /** Media types of attachments that the model takes. Default: images and PDF for OpenAI, Anthropic and Google, none for others. */
  readonly attachments?: readonly string[];
}

const OPTIONAL_FIELDS = [
  // Signatures of another account, or from before the transcript was changed: without them the thread goes on all the same.
  { name: 'provider_state', named: /thinking|signature|encrypted/i, once: true },
  { name: 'output', named: /schema|output_config|output_format|response_?(?:format|mime)/i },
];

/**
 * A model of the AI SDK, such as `anthropic('claude-sonnet-4-5')` of `@ai-sdk/anthropic`: any that is a `LanguageModelV3`. Retries, time
 * limits and failures are those of `openai`; the provider's package makes the requests, over connections of its own.
 */
export function fromAiSdk(model: LanguageModelV3, options: FromAiSdkOptions = {}): Model {
  const settings: FromAiSdkOptions & ModelCallLimits = { ...MODEL_CALL_DEFAULTS, ...definedOnly(options) };
  const attachments = settings.attachments ?? attachmentsOf(model.provider);
  const refused = new RefusedFields();
  const takesSchema = (): boolean => settings.structuredOutput !== false && !refused.has('', 'output');

  const adapter: Model = {
    name: settings.name ?? model.modelId,
    attachments,
    get structuredOutput() {
      return takesSchema();
    },
    async *stream(request, { signal }) {
      const fields = refused.ofCall('', OPTIONAL_FIELDS);
      const asksBySchema = request.output !== undefined && takesSchema();
      yield* modelAttempts({
        signal,
        limits: settings,
        clock: settings.clock,
        async *attempt(watchdog) {
          const callOptions = callOptionsOf(request, { model, settings, attachments, fields, asksBySchema });
          const started = Promise.resolve(model.doStream({ ...callOptions, abortSignal: watchdog.signal }));
          // It may come after the abort, to nobody.
          const dropLate = (): void => void started.then(({ stream }) => stream.cancel()).catch(() => {});
          watchdog.signal.addEventListener('abort', dropLate, { once: true });
          const { stream } = await abortable(started, watchdog.signal);
          watchdog.signal.removeEventListener('abort', dropLate);
          fields.accepted();
          yield* readAiSdkStream(stream, watchdog, settings, aiSdkStateOf(model));
        },
        failureOf: aiSdkFailure,
        askOtherwise(error) {
          const refusal = aiSdkRefusal(error);
          return refusal !== undefined && fields.takeOut(refusal);
        },
      });
    },
  };
  return resilientAdapter(adapter, settings);
}

interface Call {
  readonly model: LanguageModelV3;
  readonly settings: FromAiSdkOptions;
  readonly attachments: readonly string[];
  readonly fields: CallFields;
  readonly asksBySchema: boolean;
}

function callOptionsOf(request: ModelRequest, { model, settings, attachments, fields, asksBySchema }: Call): LanguageModelV3CallOptions {
  const { output } = request;
  const { temperature, maxOutputTokens } = request.options;
  const bySchema = asksBySchema && fields.has('output') && !refusesSchemaWithTools(model, request);
  const instructions =
    output !== undefined && asksBySchema && !bySchema ? withOutputInstructions(request.instructions, output.schema) : request.instructions;
  const tools: LanguageModelV3CallOptions['tools'] = [
    ...request.tools.map(({ name, description, inputSchema, strict }) => ({
      type: 'function' as const,
      name,
      description,
      inputSchema: { ...inputSchema },
      ...(strict === true && { strict }),
    })),
    ...(settings.hostedTools ?? []),
  ];
  return {
    prompt: aiSdkPrompt(request.messages, {
      instructions,
      attachments,
      stateOf: fields.has('provider_state') ? aiSdkStateOf(model) : undefined,
    }),
    ...(tools.length > 0 && { tools }),
    ...(output !== undefined && bySchema && { responseFormat: { type: 'json', name: output.name, schema: { ...output.schema } } }),
    ...(temperature !== undefined && { temperature }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(settings.providerOptions !== undefined && { providerOptions: settings.providerOptions }),
    ...(settings.headers !== undefined && { headers: { ...settings.headers } }),
    // Among them are the signs of life that say nothing, such as pings.
    includeRawChunks: true,
  };
}

/** Gemini before 3 takes either tools or a schema, and refuses both. */
function refusesSchemaWithTools({ provider, modelId }: LanguageModelV3, { tools }: ModelRequest): boolean {
  return tools.length > 0 && provider.startsWith('google') && /gemini-[12]\b/.test(modelId);
}

function attachmentsOf(provider: string): readonly string[] {
  if (/anthropic|openai/.test(provider)) return OPENAI_ATTACHMENTS;
  return provider.startsWith('google') ? OPENAI_ATTACHMENTS.filter((type) => type !== 'image/gif') : [];
}

/** Options given as `undefined` mean the default. */
function definedOnly(options: FromAiSdkOptions): FromAiSdkOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
