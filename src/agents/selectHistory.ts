import type { TranscriptMessage } from '../db/operations/transcript.ts';
import type { History } from './history.ts';
import { longestEnd, splitHistory, within } from './historyWindow.ts';
import type { Drive } from './runWorker.ts';
import { summarizeHistory } from './summarizeHistory.ts';
import { TokenCounter } from './tokenCounter.ts';

/**
 * The part of a transcript that a model is sent. It begins with a message of the user. A summary stands at the head of that message: every
 * provider takes it there, and what users once wrote does not become an instruction.
 */
export async function selectHistory(
  history: History,
  drive: Drive,
  messages: readonly TranscriptMessage[],
): Promise<readonly TranscriptMessage[]> {
  if (history === 'all') return messages;
  const window = splitHistory(messages, drive.run.id);
  const { before, current } = window;
  if ('last' in history) {
    const kept = await longestEnd(
      before,
      within(history.last, () => 1),
    );
    return [...kept, ...current];
  }
  const counter = new TokenCounter();
  if ('maxTokens' in history) {
    let room = history.maxTokens;
    for (const message of current) room -= await counter.tokensOf(message);
    const kept = await longestEnd(
      before,
      within(room, (message) => counter.tokensOf(message)),
    );
    return [...kept, ...current];
  }
  const { summary, kept } = await summarizeHistory(history.summarize, window, { ...drive, counter });
  return withSummary([...kept, ...current], summary);
}

function withSummary(messages: readonly TranscriptMessage[], summary: string | undefined): readonly TranscriptMessage[] {
  const [first, ...rest] = messages;
  if (summary === undefined || first === undefined) return messages;
  const head = `[What was said before, summed up:\n${summary}\n]`;
  if (first.role === 'user') return [{ ...first, text: `${head}\n\n${first.text}` }, ...rest];
  return [{ id: 'summary', role: 'user', text: head, status: 'complete', at: first.at }, ...messages];
}
