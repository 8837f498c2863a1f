import { describe, expect, it } from 'vitest';
import type { ModelAttachment, ModelMessage, ModelRequest } from '../../../src/agents/model.ts';
import { OPENAI_ATTACHMENTS } from '../../../src/agents/models/attachmentParts.ts';
import { chatRequest } from '../../../src/agents/models/chatRequest.ts';
import type { WireRequestOptions } from '../../../src/agents/models/openaiWire.ts';
import { ToolCallAssembly } from '../../../src/agents/models/toolCallAssembly.ts';
import type { JsonObject } from '../../../src/protocol/json.ts';
import { HELLO } from './callModel.ts';

const OPTIONS: WireRequestOptions = {
  model: 'm',
  maxTokensField: 'max_tokens',
  fields: { has: () => true },
  output: 'schema',
  attachments: OPENAI_ATTACHMENTS,
  hostedTools: [],
  extraBody: {},
};
const file = (type: string, name?: string): ModelAttachment => ({ name, type, bytes: Buffer.from('abc') });
const bodyOf = (request: Partial<ModelRequest>, options: Partial<WireRequestOptions> = {}) =>
  chatRequest({ ...HELLO, ...request }, { ...OPTIONS, ...options });
const messagesOf = (messages: readonly ModelMessage[], options: Partial<WireRequestOptions> = {}) => bodyOf({ messages }, options).messages;

it('a strict tool says so, and others say nothing', () => {
  const inputSchema = { type: 'object', properties: {}, required: [], additionalProperties: false };
  const { tools } = bodyOf({
    tools: [
      { name: 'a', description: 'A', inputSchema, strict: true },
      { name: 'b', description: 'B', inputSchema },
    ],
  });
  expect(tools).toEqual([
    { type: 'function', function: { name: 'a', description: 'A', parameters: inputSchema, strict: true } },
    { type: 'function', function: { name: 'b', description: 'B', parameters: inputSchema } },
  ]);
});

describe('an answer that is to be JSON', () => {
  const person = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

  it('is asked for by its schema, strictly where that is possible', () => {
    const format = (schema: JsonObject) => bodyOf({ output: { name: 'person', schema } }).response_format;
    expect(format(person)).toEqual({
      type: 'json_schema',
      json_schema: { name: 'person', schema: { ...person, additionalProperties: false }, strict: true },
    });
    expect(format({ ...person, required: [] })).toMatchObject({ json_schema: { strict: false } });
    expect(format({ type: 'object', additionalProperties: { type: 'string' } })).toMatchObject({ json_schema: { strict: false } });
    expect(format({ type: 'array', items: person })).toMatchObject({ json_schema: { strict: false } });
  });

  it('is closed within, but not what only looks like a schema', () => {
    const schema = {
      type: 'object',
      properties: { properties: { type: 'object', properties: { enum: { enum: ['a'] } }, required: ['enum'] } },
      required: ['properties'],
    };
    expect(bodyOf({ output: { name: 'x', schema } }).response_format).toMatchObject({
      json_schema: {
        strict: true,
        schema: {
          properties: {
            properties: { type: 'object', properties: { enum: { enum: ['a'] } }, required: ['enum'], additionalProperties: false },
          },
          additionalProperties: false,
        },
      },
    });
  });

  it('is asked for in words where the server refused the schema, and not at all where the caller has', () => {
    const output = { name: 'person', schema: person };
    const inWords = bodyOf({ instructions: 'Be brief.', output }, { output: 'words' });
    expect(inWords).not.toHaveProperty('response_format');
    expect(inWords.messages[0]?.content).toMatch(/^Be brief\.\n\nAnswer with JSON alone.*"name":\{"type":"string"\}/s);
    const asked = bodyOf({ output }, { output: 'asked' });
    expect([asked.response_format, asked.messages]).toEqual([undefined, [{ role: 'user', content: 'Hello' }]]);
  });
});

describe('attachments', () => {
  it('that the model takes are parts of the message, each as its kind', () => {
    const attachments = [file('image/png'), file('application/pdf', 'terms.pdf'), file('audio/mpeg')];
    expect(
      messagesOf([{ role: 'user', text: 'What is this?', attachments }], { attachments: ['image/*', 'application/pdf', 'audio/*'] }),
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,YWJj' } },
          { type: 'file', file: { filename: 'terms.pdf', file_data: 'data:application/pdf;base64,YWJj' } },
          { type: 'input_audio', input_audio: { data: 'YWJj', format: 'mp3' } },
        ],
      },
    ]);
  });

  it('that it does not take are named', () => {
    expect(messagesOf([{ role: 'user', text: 'See', attachments: [file('application/zip', 'a.zip')] }])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'text', text: '[Attached file: a.zip, application/zip, 3 bytes. It cannot be shown to you.]' },
        ],
      },
    ]);
  });

  it('without a text are a message all the same', () => {
    expect(messagesOf([{ role: 'user', text: '', attachments: [file('image/png')] }])).toEqual([
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,YWJj' } }] },
    ]);
  });
});

it('turns in a row of one role are one, and what says nothing is left out', () => {
  const call = { callId: 'c1', tool: 't', input: [1] };
  expect(
    messagesOf([
      { role: 'user', text: 'One' },
      { role: 'user', text: ' ' },
      { role: 'user', text: 'Two' },
      { role: 'assistant', text: 'From a', toolCalls: [] },
      { role: 'assistant', text: 'From b', toolCalls: [] },
      { role: 'assistant', text: ' ', toolCalls: [call] },
      { role: 'tool', callId: 'c1', tool: 't', output: 'ok', isError: false },
      { role: 'assistant', text: 'Done', toolCalls: [] },
    ]),
  ).toEqual([
    { role: 'user', content: 'One\n\nTwo' },
    {
      role: 'assistant',
      content: 'From a\n\nFrom b ',
      // Arguments are an object on every wire.
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 't', arguments: '{"value":[1]}' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'ok' },
    { role: 'assistant', content: 'Done' },
  ]);
});

it('what is written beside a call that is not whole is told when that is', () => {
  const assembly = new ToolCallAssembly({ maxBytes: 1_000 });
  assembly.add({ index: 0, id: 'a', name: 'first', arguments: '{"a":' });
  assembly.add({ index: 1, id: 'b', name: 'second', arguments: '{"b":2}' });
  expect(assembly.written()).toEqual([{ index: 0, tool: 'first', delta: '{"a":' }]);
  expect(assembly.wholeCalls()).toEqual([{ tool: 'second', arguments: '{"b":2}' }]);
  assembly.add({ index: 0, id: 'a', arguments: '1}' });
  expect(assembly.written()).toEqual([
    { index: 0, tool: 'first', delta: '1}' },
    { index: 1, tool: 'second', delta: '{"b":2}' },
  ]);
  expect(assembly.written()).toEqual([]);
});
