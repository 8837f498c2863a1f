import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileTranscript } from '../../src/agents/compileTranscript.ts';
import type { Model, ModelMessage, ModelRequest } from '../../src/agents/model.ts';
import { chatRequest } from '../../src/agents/models/chatRequest.ts';
import type { WireRequestOptions } from '../../src/agents/models/openaiWire.ts';
import { responsesRequest } from '../../src/agents/models/responsesRequest.ts';
import { fromAiSdk } from '../../src/ai-sdk/fromAiSdk.ts';
import type { TranscriptMessage } from '../../src/db/operations/transcript.ts';
import type { StoredEvent } from '../../src/protocol/event.ts';
import { foldEvents } from '../../src/protocol/foldEvent.ts';
import type { Json } from '../../src/protocol/json.ts';
import type { ProviderState } from '../../src/protocol/providerState.ts';
import { messageEvents, startAnthropicServer, text } from '../ai-sdk/anthropicServer.ts';
import { googleChunks, startGoogleServer } from '../ai-sdk/googleServer.ts';
import { operation, ThreadPlayer } from '../db/scriptedOperations.ts';
import { OWNER, openStore } from '../db/storeForTest.ts';
import { EVENT_TYPES, eventLog } from './eventLog.ts';
import { callModel } from './models/callModel.ts';
import { chatProblems } from './providerRules/chatRules.ts';
import { responsesProblems } from './providerRules/responsesRules.ts';

const OPTIONS: WireRequestOptions = {
  model: 'm',
  maxTokensField: 'max_tokens',
  fields: { has: () => true },
  output: 'asked',
  attachments: ['image/*'],
  hostedTools: [],
  extraBody: {},
};

/** What providers may have given with an answer, and what may be wrong with it by now. */
const ANTHROPIC_STATE = 'ai-sdk/anthropic.messages/claude-sonnet-4-5';
const GOOGLE_STATE = 'ai-sdk/google.generative-ai/gemini-3-pro-preview';
const STRAY = 3;
const place = fc.constantFrom(0, 0, 0, 0, 0, 0, STRAY);
const openaiItem = fc.oneof(
  fc.constant({ type: 'reasoning', summary: [], encrypted_content: 'x' }),
  fc.constant({ type: 'message' }),
  place.map((place) => ({ type: 'function_call', place })),
  fc.constantFrom<Json>({ type: 'web_search_call', status: 'completed' }, { type: 'left_out' }, 'what?'),
);
const signed = { anthropic: { signature: 'sig' }, google: { thoughtSignature: 'sig' } };
const aiSdkItem = fc.oneof(
  fc.constant<Json>({ type: 'reasoning', text: 'Hm', metadata: signed }),
  fc.constant<Json>({ type: 'text', metadata: signed }),
  place.map((place): Json => ({ type: 'call', place, metadata: signed })),
  fc.constantFrom<Json>({ type: 'gap' }, null),
);
const extras = fc.record({
  states: fc.array(
    fc.option(
      fc.oneof(
        fc.record({ provider: fc.constant('openai-responses/m'), items: fc.array(openaiItem, { maxLength: 5 }) }),
        fc.record({ provider: fc.constantFrom(ANTHROPIC_STATE, GOOGLE_STATE), items: fc.array(aiSdkItem, { maxLength: 5 }) }),
      ),
      { nil: undefined },
    ),
    { minLength: 1, maxLength: 4 },
  ),
  attached: fc.boolean(),
});
type Extras = typeof extras extends fc.Arbitrary<infer Value> ? Value : never;

/** A request as a run makes it of these messages, with what providers gave with answers, and with the files of people. */
function requestOf(messages: readonly TranscriptMessage[], { states, attached }: Extras): ModelRequest {
  let answers = 0;
  const withStates = messages.map((message): TranscriptMessage => {
    const state = message.role === 'assistant' ? stateOf(states[answers++ % states.length], answers) : undefined;
    return state === undefined ? message : { ...message, providerState: state };
  });
  const files = [{ name: 'a.png', type: 'image/png', bytes: Buffer.from('abc') }];
  const compiled = compileTranscript(withStates).map(
    (message): ModelMessage => (message.role === 'user' && attached ? { ...message, attachments: files } : message),
  );
  return { instructions: 'Be brief.', messages: compiled, tools: [], options: {} };
}

/** With an id of its own for each item, as providers give them, and calls counted, but for states that are of something else. */
function stateOf(state: Extras['states'][number], answer: number): ProviderState | undefined {
  if (state === undefined) return undefined;
  let calls = 0;
  const items = state.items.map((item, index): Json => {
    if (typeof item !== 'object' || item === null || !('type' in item)) return item;
    const isCounted = 'place' in item && item.place !== STRAY;
    return { ...item, id: `${answer}_${index}`, ...(isCounted && { place: calls++ }) };
  });
  return { provider: state.provider, items };
}

const isSaid = ({ messages }: ModelRequest): boolean => messages.some((message) => message.role !== 'user' || message.text.trim() !== '');

/** Of a log: all of it, the conversation alone, and each child run's own part. */
function viewsOf(events: readonly StoredEvent[]): (readonly TranscriptMessage[])[] {
  const all = foldEvents(events);
  const children = new Set(
    all.flatMap((message) => (message.role === 'assistant' && message.parentRunId !== undefined ? [message.runId] : [])),
  );
  return [
    all,
    all.filter((message) => message.role === 'user' || message.parentRunId === undefined),
    ...[...children].map((child) => all.filter(({ runId }) => runId === child)),
  ];
}

function expectValid(request: ModelRequest): void {
  if (!isSaid(request)) return;
  expect(chatProblems({ ...chatRequest(request, OPTIONS) })).toEqual([]);
  expect(responsesProblems({ ...responsesRequest(request, OPTIONS) })).toEqual([]);
}

test('the logs of these tests have every event that there is', () => {
  const missing = new Set<string>(EVENT_TYPES);
  for (const log of fc.sample(eventLog, { numRuns: 200, seed: 1 })) for (const { type } of log) missing.delete(type);
  expect([...missing]).toEqual([]);
});

test('any prefix of any log compiles to a valid request of Chat Completions and of the Responses API', () => {
  fc.assert(
    fc.property(eventLog, extras, (events, extras) => {
      for (let end = 1; end <= events.length; end++) {
        for (const messages of viewsOf(events.slice(0, end))) expectValid(requestOf(messages, extras));
      }
    }),
    { numRuns: 200 },
  );
});

test('so does what the rows of any thread say was sent at each step', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40 }), extras, async (operations, extras) => {
      const player = new ThreadPlayer(openStore());
      await player.open();
      await player.play(operations);
      const { runs } = player.test.store;
      const { items } = await runs.list({ id: OWNER }, { limit: 1_000 });
      for (const { id } of items) {
        for (const { messages } of await runs.sentSteps(id)) expectValid(requestOf(messages, extras));
      }
      player.close();
    }),
    { numRuns: 100 },
  );
});

/** Asks a server that refuses what its real one would, with requests of the prefixes of logs. */
async function expectTaken(model: Model): Promise<void> {
  await fc.assert(
    fc.asyncProperty(eventLog, extras, fc.double({ min: 0, max: 1, noNaN: true }), async (events, extras, where) => {
      for (const end of [Math.ceil(where * events.length), events.length]) {
        for (const messages of viewsOf(events.slice(0, end))) {
          const request = requestOf(messages, extras);
          if (isSaid(request)) expect((await callModel(model, request)).text).toBe('Taken.');
        }
      }
    }),
    // The same logs each time: a few random ones may hold no signature to look for.
    { numRuns: 100, seed: 46 },
  );
}

test('any prefix of any log compiles to a request that Anthropic takes', { timeout: 60_000 }, async () => {
  await using server = await startAnthropicServer(() => ({ events: messageEvents([text('Taken.')]) }));
  const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: 'sk-secret' });
  const providerOptions = { anthropic: { thinking: { type: 'enabled', budgetTokens: 1_024 } } };
  await expectTaken(fromAiSdk(anthropic('claude-sonnet-4-5'), { providerOptions }));
  expect(server.requests.some(({ body }) => JSON.stringify(body).includes('"signature"'))).toBe(true);
});

test('any prefix of any log compiles to a request that Google takes', { timeout: 60_000 }, async () => {
  await using server = await startGoogleServer(() => ({ events: googleChunks([{ text: 'Taken.' }]) }));
  const google = createGoogleGenerativeAI({ baseURL: `${server.url}/v1beta`, apiKey: 'sk-secret' });
  await expectTaken(fromAiSdk(google('gemini-3-pro-preview')));
  expect(server.requests.some(({ body }) => JSON.stringify(body).includes('"thoughtSignature":"sig"'))).toBe(true);
});
