import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WireAnswerOptions } from '../../../src/agents/models/openaiWire.ts';
import { ResponsesStream } from '../../../src/agents/models/responsesStream.ts';
import type { ModelServerQuirks } from '../../../src/testing/modelServerQuirks.ts';
import { responsesFrames } from '../../../src/testing/responsesFrames.ts';
import { piecesOf, type ScriptedTurn } from '../../../src/testing/script.ts';
import { answerOf, expectWritten } from './callModel.ts';

const LIMITS: WireAnswerOptions = { model: 'm', maxToolCallBytes: 1_000_000, maxProviderStateBytes: 100_000, maxHostedToolBytes: 1_000 };
const OPTIONS = { id: 'r', model: 'm', includeUsage: true, includeEncrypted: true, inputLength: 10 };

const call = fc.record({ name: fc.constantFrom('lookup', 'now'), input: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }) });
const turns = fc.record<ScriptedTurn>(
  {
    reasoning: fc.string({ minLength: 1 }),
    hostedTools: fc.array(fc.record({ tool: fc.constantFrom('web_search', 'file_search'), failed: fc.boolean() }), { maxLength: 2 }),
    chunks: fc.array(fc.string({ minLength: 1 }), { maxLength: 4 }),
    toolCalls: fc.array(call, { maxLength: 4 }),
  },
  { requiredKeys: [] },
);
const shapes = fc.constantFrom<ModelServerQuirks>({}, { missingToolIndex: true }, { missingToolId: true }, { wholeToolCalls: true });

function fold(frames: Iterable<unknown>, limits: Partial<WireAnswerOptions> = {}): ReturnType<typeof answerOf> {
  const stream = new ResponsesStream({ ...LIMITS, ...limits });
  const chunks = [...frames].flatMap((frame) => stream.push(JSON.parse(JSON.stringify(frame))));
  return answerOf([...chunks, ...stream.end()]);
}

describe('a stream of the Responses API', () => {
  it('gives back reasoning, text, calls and hosted tools of any turn, whatever the shape of its events', () => {
    fc.assert(
      fc.property(turns, shapes, fc.boolean(), (turn, quirks, streamed) => {
        const options = { ...OPTIONS, quirks };
        const { text, reasoning, end, chunks } = fold(
          streamed ? responsesFrames.frames(turn, options) : [responsesFrames.document(turn, options)],
        );
        expect([text, reasoning]).toEqual([piecesOf(turn).join(''), turn.reasoning ?? '']);
        expect(end.toolCalls).toEqual((turn.toolCalls ?? []).map(({ name, input }) => ({ tool: name, arguments: JSON.stringify(input) })));
        expect(end.finish).toBe(end.toolCalls.length > 0 ? 'tool_calls' : 'stop');
        expectWritten(chunks, end);
        const hosted = chunks.flatMap((chunk) => (chunk.type === 'hosted_tool' ? [`${chunk.tool} ${chunk.status}`] : []));
        expect(hosted).toEqual(
          (turn.hostedTools ?? []).flatMap(({ tool, failed }) => [`${tool} called`, `${tool} ${failed ? 'failed' : 'completed'}`]),
        );
      }),
    );
  });

  it('that is cut anywhere ends as incomplete, with nothing but whole calls', () => {
    fc.assert(
      fc.property(turns, shapes, fc.nat(), (turn, quirks, cut) => {
        const frames = [...responsesFrames.frames(turn, { ...OPTIONS, quirks })].slice(0, -1);
        const { text, end, chunks } = fold(frames.slice(0, cut % (frames.length + 1)));
        expect(end.finish).toBe('incomplete');
        expect(piecesOf(turn).join('').startsWith(text)).toBe(true);
        const asked = (turn.toolCalls ?? []).map(({ name, input }) => ({ tool: name, arguments: JSON.stringify(input) }));
        expect(asked.slice(0, end.toolCalls.length)).toEqual(end.toolCalls);
        expectWritten(chunks, end);
      }),
    );
  });

  it('takes any JSON without failing otherwise than with a code', () => {
    const types = fc.constantFrom(
      'response.output_item.added',
      'response.output_item.done',
      'response.function_call_arguments.delta',
      'response.output_text.delta',
      'response.completed',
      'error',
    );
    const event = fc.record(
      { type: types, item: fc.jsonValue(), response: fc.jsonValue(), delta: fc.jsonValue() },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), event)), (frames) => {
        try {
          fold(frames);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^MODEL_/) });
        }
      }),
    );
  });

  const reasoned = (content: string): object => ({ type: 'reasoning', id: 'rs', summary: [], encrypted_content: content });
  const ended = (...output: object[]): object[] => [{ type: 'response.completed', response: { status: 'completed', output } }];

  it('keeps the reasoning, what hosted tools did, and the places of the rest', () => {
    const search = { type: 'web_search_call', id: 'ws', status: 'completed', action: { type: 'search', query: 'q' } };
    const asked = { type: 'function_call', id: 'fc', call_id: 'c', name: 't', arguments: '{}' };
    const { end } = fold(ended(reasoned('a'), search, { type: 'message', phase: 'commentary', content: [] }, reasoned('b'), asked));
    expect(end.providerState).toEqual({
      provider: 'openai-responses/m',
      items: [reasoned('a'), search, { type: 'message', phase: 'commentary' }, reasoned('b'), { type: 'function_call', place: 0 }],
    });
  });

  it('keeps nothing when there is nothing to give back, or more than the limit', () => {
    expect(fold(ended({ type: 'message', content: [] })).end).not.toHaveProperty('providerState');
    const size = Buffer.byteLength(JSON.stringify(fold(ended(reasoned('xxxx'))).end.providerState));
    expect(fold(ended(reasoned('xxxx')), { maxProviderStateBytes: size }).end).toHaveProperty('providerState');
    expect(fold(ended(reasoned('xxxx')), { maxProviderStateBytes: size - 1 }).end).not.toHaveProperty('providerState');
  });

  it('tells of a hosted tool with more to say than the limit only how much it is, and never an image', () => {
    const image = { type: 'image_generation_call', id: 'ig', status: 'completed', result: 'iVBORw0KGgo', revised_prompt: 'x'.repeat(60) };
    const dataOf = (maxHostedToolBytes: number) => {
      const chunk = fold(ended(image), { maxHostedToolBytes }).chunks.find(
        (chunk) => chunk.type === 'hosted_tool' && chunk.status === 'completed',
      );
      return chunk?.type === 'hosted_tool' ? chunk.data : undefined;
    };
    expect(dataOf(81)).toEqual({ revised_prompt: 'x'.repeat(60) });
    expect(dataOf(80)).toEqual({ bytes: 81 });
  });
});
