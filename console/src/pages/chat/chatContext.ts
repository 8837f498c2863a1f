import { createContext, useContext } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import type { RegisteredApi, UseThread } from 'verbatim-agents/react';
import type { Runs } from './runView.ts';

type Actions = Pick<
  UseThread<RegisteredApi>,
  'edit' | 'retry' | 'approve' | 'reject' | 'submitToolResult' | 'failToolCall' | 'dismiss' | 'resend'
>;

/** What the lines of a conversation can do, the same for as long as its thread is. */
export interface Chat extends Actions {
  readonly agents: readonly AgentInfo[];
  /** Nothing is decided, answered again or taken back here: the rest is to be read. */
  readonly isReadOnly: boolean;
  /** A copy of the thread up to the end of a run, or whole, which is shown from then on. */
  forkAfter(runId: string | undefined): Promise<void>;
  /** The same, up to a position. */
  forkAt(seq: number): Promise<void>;
  cancel(runId: string): Promise<void>;
  /** All that a run said. */
  answerOf(runId: string): string;
}

export const ChatContext = createContext<Chat | undefined>(undefined);

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (chat === undefined) throw new Error('useChat is for what is inside of a conversation.');
  return chat;
}

/** The runs of the thread. Apart, for they change with each word: only what shows runs is rendered again. */
export const RunsContext = createContext<Runs>({});

export function useRuns(): Runs {
  return useContext(RunsContext);
}
