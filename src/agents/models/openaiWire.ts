import type { OpenAI } from 'openai';
import type { JsonObject } from '../../protocol/json.ts';
import type { ModelRequest } from '../model.ts';
import type { CallFields, OptionalField } from './optionalFields.ts';
import type { AnswerStream } from './streamedAnswer.ts';

export type MaxTokensField = 'max_tokens' | 'max_completion_tokens';

/** How one call is put to the server. */
export interface WireRequestOptions {
  readonly model: string;
  readonly maxTokensField: MaxTokensField;
  /** Which of the wire's optional fields to send. */
  readonly fields: Pick<CallFields, 'has'>;
  /** How to ask for `request.output`: by its schema, or in words because the server refused the schema. Otherwise it is the caller's. */
  readonly output: 'schema' | 'words' | 'asked';
  /** Media types of attachments that the model takes. */
  readonly attachments: readonly string[];
  /** Tools that the provider carries out. */
  readonly hostedTools: readonly JsonObject[];
  /** Fields of the provider's own, put over ours. */
  readonly extraBody: JsonObject;
}

export interface WireAnswerOptions {
  readonly model: string;
  readonly maxToolCallBytes: number;
  readonly maxProviderStateBytes: number;
  readonly maxHostedToolBytes: number;
}

/** One of the two APIs under which OpenAI's models, and those of compatible servers, are reached. */
export interface OpenAIWire {
  /** What a server may refuse, in the order in which it is left out when the refusal does not say. */
  readonly optionalFields: readonly OptionalField[];
  send(client: OpenAI, request: ModelRequest, options: WireRequestOptions, signal: AbortSignal): Promise<Response>;
  readAnswer(options: WireAnswerOptions): AnswerStream;
}
