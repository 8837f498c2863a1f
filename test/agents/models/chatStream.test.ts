import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatStream } from '../../../src/agents/models/chatStream.ts';
import { ToolCallAssembly, type ToolCallFragment } from '../../../src/agents/models/toolCallAssembly.ts';
import { chatFrames } from '../../../src/testing/chatFrames.ts';
import type { ModelServerQuirks } from '../../../src/testing/modelServerQuirks.ts';
import { piecesOf, type ScriptedTurn } from '../../../src/testing/script.ts';
import { answerOf, expectWritten } from './callModel.ts';

const json = fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.constant({ a: [1, '}'] })), {
  maxKeys: 3,
});
const turns: fc.Arbitrary<ScriptedTurn> = fc.record({
  text: fc.string(),
  chunks: fc.integer({ min: 1, max: 5 }),
  toolCalls: fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), input: json }), { maxLength: 5 }),
});
// One way to lose track at a time, with any of the harmless ones. Without ids and with one index for all, only whole calls can be told apart.
const shapes = fc.constantFrom<ModelServerQuirks>(
  {},
  { missingToolIndex: true },
  { zeroToolIndex: true },
  { repeatedToolIndex: true },
  { missingToolId: true },
  { repeatedToolHead: true },
  { repeatedToolHead: true, missingToolIndex: true },
  { repeatedToolHead: true, zeroToolIndex: true },
  { argumentsAsObject: true, zeroToolIndex: true },
  { missingToolId: true, zeroToolIndex: true, wholeToolCalls: true },
  { missingToolId: true, missingToolIndex: true, wholeToolCalls: true },
);
const noise = fc.record<ModelServerQuirks>({
  emptyChoices: fc.boolean(),
  noDelta: fc.boolean(),
  stopWithToolCalls: fc.boolean(),
  noFinishReason: fc.boolean(),
});

function fold(frames: Iterable<unknown>, saidDone = true): ReturnType<typeof answerOf> {
  const stream = new ChatStream({ maxToolCallBytes: 1_000_000 });
  const chunks = [...frames].flatMap((frame) => stream.push(JSON.parse(JSON.stringify(frame))));
  return answerOf([...chunks, ...stream.end(saidDone)]);
}

const options = { id: '1', model: 'm', includeUsage: true, includeEncrypted: false, inputLength: 10 };

describe('a chat stream', () => {
  it('gives back the text and the tool calls of any turn, whatever the shape of its chunks', () => {
    fc.assert(
      fc.property(turns, shapes, noise, (turn, shape, noises) => {
        const { text, end, chunks } = fold(chatFrames.frames(turn, { ...options, quirks: { ...shape, ...noises } }));
        expect(text).toBe(piecesOf(turn).join(''));
        expect(end.toolCalls).toEqual((turn.toolCalls ?? []).map(({ name, input }) => ({ tool: name, arguments: JSON.stringify(input) })));
        expectWritten(chunks, end);
        const expected = end.toolCalls.length > 0 ? 'tool_calls' : noises.noFinishReason ? 'incomplete' : 'stop';
        expect(end.finish).toBe(expected);
      }),
    );
  });

  it('that is cut anywhere ends as incomplete, with nothing but whole calls', () => {
    fc.assert(
      fc.property(turns, shapes, fc.nat(), (turn, shape, cut) => {
        const frames = [...chatFrames.frames(turn, { ...options, quirks: { ...shape, noFinishReason: true } })];
        const { text, end, chunks } = fold(frames.slice(0, cut % frames.length), false);
        expect(end.finish).toBe('incomplete');
        expectWritten(chunks, end);
        expect(piecesOf(turn).join('').startsWith(text)).toBe(true);
        const asked = (turn.toolCalls ?? []).map(({ name, input }) => ({ tool: name, arguments: JSON.stringify(input) }));
        expect(asked.slice(0, end.toolCalls.length)).toEqual(end.toolCalls);
      }),
    );
  });

  it('takes any JSON without failing otherwise than with a code', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.jsonValue(),
            fc.jsonValue().map((delta) => ({ choices: [{ delta }] })),
          ),
        ),
        (frames) => {
          try {
            fold(frames);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^MODEL_/) });
          }
        },
      ),
    );
  });

  it("takes the usage from the last chunk that has it, Groq's place included", () => {
    const usage = (n: number): object => ({ prompt_tokens: 5, completion_tokens: n });
    const frames = [
      { choices: [], usage: null },
      { choices: [], usage: usage(1) },
      { choices: [], x_groq: { usage: usage(2) } },
      { choices: [] },
    ];
    expect(fold(frames).end.usage).toEqual({ inputTokens: 5, outputTokens: 2 });
  });

  it('reads text that comes as a list of parts', () => {
    expect(
      fold([
        {
          choices: [
            {
              delta: {
                content: [
                  { type: 'text', text: 'a' },
                  { type: 'text', text: 'b' },
                ],
              },
            },
          ],
        },
      ]).text,
    ).toBe('ab');
  });

  it('takes an empty finish_reason for none', () => {
    const stream = new ChatStream({ maxToolCallBytes: 100 });
    stream.push({ choices: [{ delta: { content: 'a' }, finish_reason: '' }] });
    expect(stream.finished).toBe(false);
  });
});

describe('tool calls', () => {
  function assemble(fragments: readonly ToolCallFragment[], maxBytes = 1_000): string[] {
    const assembly = new ToolCallAssembly({ maxBytes });
    for (const fragment of fragments) assembly.add(fragment);
    return assembly.calls().map((call) => `${call.tool} ${call.arguments}`);
  }

  it.each<[string, ToolCallFragment[], string[]]>([
    [
      'interleave by their index',
      [
        { index: 0, id: 'x', name: 'a', arguments: '{"n"' },
        { index: 1, id: 'y', name: 'b', arguments: '{"m"' },
        { index: 0, arguments: ':1}' },
        { index: 1, arguments: ':2}' },
      ],
      ['a {"n":1}', 'b {"m":2}'],
    ],
    [
      'share an id that is only the name of the tool',
      [
        { index: 0, id: 'a', name: 'a', arguments: '{"n":1}' },
        { index: 1, id: 'a', name: 'a', arguments: '{"n":2}' },
      ],
      ['a {"n":1}', 'a {"n":2}'],
    ],
    [
      'that come once more, whole, at the end are the same calls',
      [
        { index: 0, id: 'x', name: 'a', arguments: '{"n":' },
        { index: 0, arguments: '1}' },
        { index: 0, id: 'x', name: 'a', arguments: '{"n":1}' },
      ],
      ['a {"n":1}'],
    ],
    [
      'whose server counts fragments go on with the last call',
      [
        { index: 0, id: 'x', name: 'a', arguments: '{"n"' },
        { index: 1, arguments: ':1' },
        { index: 2, id: 'x', arguments: '}' },
      ],
      ['a {"n":1}'],
    ],
    [
      'get an id that comes late',
      [
        { index: 0, name: 'a', arguments: '' },
        { index: 0, id: 'x', arguments: '{"n":1}' },
        { index: 0, id: 'y', name: 'a', arguments: '{"n":2}' },
      ],
      ['a {"n":1}', 'a {"n":2}'],
    ],
    [
      'end with an empty fragment that repeats the name',
      [
        { index: 0, name: 'a', arguments: '{"n":' },
        { index: 0, name: 'a', arguments: '1}' },
        { index: 0, name: 'a', arguments: '' },
      ],
      ['a {"n":1}'],
    ],
    [
      'without index, id and arguments are told apart by their names',
      [
        { name: 'a', arguments: '' },
        { name: 'b', arguments: '' },
      ],
      ['a {}', 'b {}'],
    ],
    [
      'of one tool without arguments are told apart by their index alone',
      [
        { index: 0, name: 'a', arguments: '' },
        { index: 1, name: 'a', arguments: '' },
      ],
      ['a {}', 'a {}'],
    ],
    [
      'of one tool without arguments are told apart by their index although they share an id',
      [
        { index: 0, id: 'a', name: 'a', arguments: '' },
        { index: 1, id: 'a', name: 'a', arguments: '' },
      ],
      ['a {}', 'a {}'],
    ],
    ['without a name are none', [{ index: 0, id: 'x', arguments: '{"n":1}' }], []],
  ])('%s', (_fact, fragments, calls) => {
    expect(assemble(fragments)).toEqual(calls);
  });

  it('are taken up to the limit, and not beyond', () => {
    const fragment = { index: 0, name: 'a', arguments: '{}' };
    expect(assemble([fragment], 35)).toEqual(['a {}']);
    expect(() => assemble([fragment], 34)).toThrow(expect.objectContaining({ code: 'MODEL_OUTPUT_TOO_LARGE' }));
  });
});
