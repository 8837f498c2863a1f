import type { Message } from 'verbatim-agents/client';
import { askedAtOnce } from './rows.ts';
import type { Runs } from './runView.ts';

/** All that a run said; of one that asked several agents, what each of them said, under its name. */
export function answerOf(runId: string, { messages, runs }: { readonly messages: readonly Message[]; readonly runs: Runs }): string {
  const own = textOf(messages.filter((message) => message.runId === runId));
  const others = askedAtOnce(runs, runId).flatMap((id) => {
    const text = textOf(runs[id]?.messages ?? []);
    return text === '' ? [] : [`## ${runs[id]?.agent}\n\n${text}`];
  });
  return [...(own === '' ? [] : [own]), ...others].join('\n\n');
}

function textOf(messages: readonly Message[]): string {
  const said = messages.filter(({ role, status, text }) => role === 'assistant' && status !== 'discarded' && text !== '');
  return said.map(({ text }) => text).join('\n\n');
}
