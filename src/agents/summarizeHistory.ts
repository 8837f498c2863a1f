import type { TranscriptMessage } from '../db/operations/transcript.ts';
import { ownerOf } from '../protocol/principal.ts';
import { askText } from './askText.ts';
import { keptTokens, type SummarizeOptions } from './history.ts';
import { type HistoryWindow, longestEnd, within } from './historyWindow.ts';
import { plainMessage } from './plainMessage.ts';
import type { Drive } from './runWorker.ts';
import { DEFAULT_SUMMARY_PROMPT } from './summaryPrompt.ts';
import type { TokenCounter } from './tokenCounter.ts';

/** Of a very long thread without a summary, such as an imported one, the rest is summed up at the next steps. */
const MAX_CALLS_PER_STEP = 8;
/** What a model is given to sum up at once, in `maxTokens`: a thread that has just grown over them takes one call. */
const PART = 2;
/** About how many UTF-16 units a token has. */
const UNITS_PER_TOKEN = 4;

/** What is sent in the place of the messages before a run. */
export interface Summarized {
  readonly summary: string | undefined;
  readonly kept: readonly TranscriptMessage[];
}

/**
 * Sums up what is before a run when, with the run, it has more tokens than it may: all but the newest. Goes on from the summary that is
 * stored, and stores each new one before it goes on, so that none is made twice. When the model fails, the messages are cut instead, which is
 * logged; the next step tries again.
 */
export async function summarizeHistory(
  options: SummarizeOptions,
  { before, current }: HistoryWindow,
  drive: Drive & { readonly counter: TokenCounter },
): Promise<Summarized> {
  const { store, run, counter, agentName } = drive;
  const { maxTokens } = options;
  const known = await store.summary(run.thread, agentName);
  const covered = known === undefined ? -1 : before.findIndex((message) => message.id === known.upTo);
  let summary = covered === -1 ? undefined : known?.text;
  let rest = before.slice(covered + 1);
  const tokensOf = (message: TranscriptMessage): Promise<number> => counter.tokensOf(message);
  let room = maxTokens - (summary === undefined ? 0 : await counter.tokensOfText(summary));
  for (const message of current) room -= await tokensOf(message);
  const all = await longestEnd(rest, within(room, tokensOf));
  if (all.length === rest.length) return { summary, kept: rest };

  let keepRoom = keptTokens(options);
  for (const message of current) keepRoom -= await tokensOf(message);
  const kept = await longestEnd(rest, within(keepRoom, tokensOf));
  rest = rest.slice(0, rest.length - kept.length);
  for (let calls = 0; rest.length > 0 && calls < MAX_CALLS_PER_STEP; calls++) {
    const part = await beginningOf(rest, PART * maxTokens, counter);
    const made = await sumUp(options, { part, earlier: summary }, drive);
    if (made === undefined) return { summary, kept: await longestEnd([...rest, ...kept], within(room, tokensOf)) };
    summary = made;
    rest = rest.slice(part.length);
  }
  return { summary, kept };
}

/** As many of the oldest messages as a model can be given at once, up to where the user speaks again: at least one turn of each. */
async function beginningOf(
  messages: readonly TranscriptMessage[],
  maxTokens: number,
  counter: TokenCounter,
): Promise<readonly TranscriptMessage[]> {
  let left = maxTokens;
  let end = 0;
  for (const [index, message] of messages.entries()) {
    if (message.role === 'user' && index > 0) {
      if (left < 0) return messages.slice(0, end === 0 ? index : end);
      end = index;
    }
    left -= await counter.tokensOf(message);
  }
  return left < 0 && end > 0 ? messages.slice(0, end) : messages;
}

/** Stores the summary and returns it. Undefined when the model failed, which is logged. */
async function sumUp(
  options: SummarizeOptions,
  { part, earlier }: { readonly part: readonly TranscriptMessage[]; readonly earlier: string | undefined },
  drive: Drive,
): Promise<string | undefined> {
  const { model, maxTokens, prompt = DEFAULT_SUMMARY_PROMPT, timeoutMs = 60_000 } = options;
  const { store, held, run, threadId, agentName } = drive;
  // One message may be longer than all that the model can be given.
  const conversation = part
    .map(plainMessage)
    .join('\n\n')
    .slice(0, PART * maxTokens * UNITS_PER_TOKEN);
  const question = {
    instructions: prompt,
    text: earlier === undefined ? conversation : `What was before, summed up:\n${earlier}\n\nThe conversation since:\n${conversation}`,
    caller: { principalId: ownerOf(run.principal), threadId, runId: run.id },
    // It must leave room for the messages that are kept.
    maxLength: (maxTokens - keptTokens(options)) * UNITS_PER_TOKEN,
    timeoutMs,
  };
  const answer = await askText(model, question, drive).catch((cause: unknown) => {
    drive.signal.throwIfAborted();
    drive.logFailure({ runId: run.id, cause, what: 'the history could not be summed up; it was cut instead' });
    return undefined;
  });
  if (answer === undefined) return undefined;
  const { text, usage } = answer;
  await store.addSummary(held, { agent: agentName, text, upTo: part.at(-1)?.id ?? '', model: model.name, usage });
  return text;
}
