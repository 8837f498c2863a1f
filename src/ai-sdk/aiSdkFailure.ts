import { AISDKError, APICallError } from '@ai-sdk/provider';
import { field, isRecord, nonEmpty } from '../agents/models/looseJson.ts';
import { failureInStream, failureOfStatus } from '../agents/models/modelFailure.ts';
import type { Refusal } from '../agents/models/optionalFields.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** What is kept of a provider's answer to a call that failed. */
const MAX_BODY_LENGTH = 4_096;
const TOO_LONG = /prompt is too long|context (?:length|window)|too many (?:input )?tokens|token count.{0,40}exceeds/i;

/** What a failed call of an AI SDK provider means, as `modelFailure` says it for our own adapters. */
export function aiSdkFailure(error: unknown): VerbatimError {
  if (error instanceof VerbatimError) return error;
  if (APICallError.isInstance(error)) return failureOfCall(error);
  if (AISDKError.isInstance(error)) {
    switch (error.name) {
      case 'AI_LoadAPIKeyError':
      case 'AI_LoadSettingError':
        return new VerbatimError('MODEL_UNAUTHORIZED', 'There is no API key for the model.', { cause: error });
      case 'AI_JSONParseError':
      case 'AI_TypeValidationError':
      case 'AI_InvalidResponseDataError':
      case 'AI_EmptyResponseBodyError':
      case 'AI_NoContentGeneratedError':
        return notAnAnswer(error);
      default:
        return new VerbatimError('MODEL_BAD_REQUEST', 'The model did not accept the request.', { cause: error });
    }
  }
  // Anthropic's error events come as they were sent.
  if (isRecord(error) && !(error instanceof Error)) return failureInStream(error);
  return new VerbatimError('MODEL_FAILED', 'The model call failed.', { cause: error });
}

/** What a stream that broke off means: errors of the network, and the provider's own. */
export function aiSdkStreamFailure(error: unknown): VerbatimError {
  if (error instanceof VerbatimError || AISDKError.isInstance(error)) return aiSdkFailure(error);
  return streamCut(error);
}

function streamCut(cause: unknown): VerbatimError {
  return new VerbatimError('MODEL_STREAM_CUT', 'The connection to the model broke in the middle of its answer.', { cause });
}

export function notAnAnswer(cause?: unknown): VerbatimError {
  return new VerbatimError('MODEL_BAD_RESPONSE', 'The model sent something that is not an answer.', { cause });
}

/** What a 400 says, to find out whether it is about what the call can do without. */
export function aiSdkRefusal(error: unknown): Refusal | undefined {
  if (!APICallError.isInstance(error) || error.statusCode !== 400) return undefined;
  return { text: `${error.message} ${error.responseBody ?? ''}`, namesCause: true };
}

function failureOfCall(error: APICallError): VerbatimError {
  const { statusCode, responseHeaders, responseBody, message } = error;
  // The whole conversation hangs on the error, and it would be logged.
  const cause = Object.assign(new Error(message, { cause: error.cause }), {
    name: error.name,
    statusCode,
    responseBody: responseBody?.slice(0, MAX_BODY_LENGTH),
  });
  if (statusCode === undefined) return new VerbatimError('MODEL_UNREACHABLE', 'The model could not be reached.', { cause });
  if (statusCode < 400) {
    // The answer had begun: what the network or its parser says is underneath.
    return error.cause instanceof Error && !AISDKError.isInstance(error.cause) ? streamCut(cause) : notAnAnswer(cause);
  }
  const headers = { get: (name: string): string | null => responseHeaders?.[name] ?? null };
  return failureOfStatus(statusCode, { said: `${kindOf(error.data)}${TOO_LONG.test(message) ? ' context_length' : ''}`, headers, cause });
}

/** The provider's own name for the kind of error, wherever it says it. */
function kindOf(data: unknown): string {
  const said = isRecord(field(data, 'error')) ? field(data, 'error') : data;
  return ['type', 'status', 'code'].map((name) => nonEmpty(field(said, name)) ?? '').join(' ');
}
