import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Client } from '../client/client.ts';
import type { SentRun } from '../client/run.ts';
import type { MessageOf, RunStateOf, ThreadStateOf } from '../client/threadReducer.ts';
import type { ApiContract, ApprovalOptions, Decision, EditInput, SendInput } from '../protocol/contract.ts';
import type { Usage } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import type { Message } from '../protocol/message.ts';
import type { SubmittedCall, ThreadInfo } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { PendingMessages } from './pendingMessages.ts';
import { useClient } from './provider.ts';
import type { RegisteredApi } from './register.ts';
import { type Shown, ShownMessages } from './shownMessages.ts';
import { type ThreadView, threadStoreOf, UNREAD } from './threadStore.ts';

export interface UseThreadOptions<Api extends ApiContract> {
  /** Absent: a new thread, which begins with the first message. */
  readonly threadId?: string | undefined;
  /** Who is sent to, unless a message says otherwise. */
  readonly agent: keyof Api & string;
  /** Told of the thread that is shown from now on: the new one of a first message, an edit or a fork. */
  readonly onThread?: ((threadId: string) => void) | undefined;
}

/** A message and what goes with it, or its text alone. */
export type Outgoing<Api extends ApiContract> = string | (Partial<SendInput<Api>> & { readonly text: string });

export type ThreadStatus = 'loading' | 'idle' | 'sending' | 'queued' | 'running' | 'waiting' | 'failed';

export interface UseThread<Api extends ApiContract> {
  readonly threadId: string | undefined;
  /** The conversation, own messages that are on their way included. A message that did not change is the same object. */
  readonly messages: readonly (MessageOf<Api> & Shown)[];
  /** `failed`: the thread cannot be read. A run that failed leaves it `idle`. */
  readonly status: ThreadStatus;
  /** There are older messages: `client.threads.messages` pages through them. */
  readonly hasEarlier: boolean;
  readonly runs: ThreadStateOf<Api>['runs'];
  readonly activeRun: RunStateOf<Api> | undefined;
  readonly data: ThreadStateOf<Api>['data'];
  /** Of the run that ended last. */
  readonly usage: Usage | undefined;
  /** Why the thread cannot be read, or what the last action was refused for. */
  readonly error: VerbatimError | undefined;
  readonly isCatchingUp: boolean;
  /** Resolves when the message is durable. Shown at once; when it is refused it stays, with its error, until `dismiss`. */
  send(message: Outgoing<Api>): Promise<SentRun<Api[keyof Api & string]>>;
  /** Puts a message into the run that is at work. */
  steer(message: Outgoing<Api>): Promise<SentRun<Api[keyof Api & string]>>;
  /** Cancels the run at work, also one that is just being sent. Does nothing when there is none. */
  stop(): Promise<void>;
  /** Answers the last message again. */
  retry(): Promise<SentRun<Api[keyof Api & string]>>;
  /** Sends a message of the user with another text, in a fork that is shown from then on. */
  edit(message: EditInput<Api>): Promise<SentRun<Api[keyof Api & string]>>;
  /** A copy of the thread, up to a seq or whole, which is shown from then on. */
  fork(options?: { readonly atSeq?: number; readonly title?: string }): Promise<ThreadInfo>;
  approve(callId: string, options?: ApprovalOptions<Json>): Promise<Decision>;
  reject(callId: string, options?: string | Omit<ApprovalOptions<Json>, 'input'>): Promise<Decision>;
  submitToolResult(callId: string, output: Json): Promise<SubmittedCall>;
  failToolCall(callId: string, error: string): Promise<SubmittedCall>;
  /** Takes back a message that was refused. */
  dismiss(key: string): void;
}

const nothing = (): (() => void) => () => {};
const unread = (): ThreadView => UNREAD;

/** A thread as it is now, and what can be done in it. Two tabs, and two components, show the same. */
export function useThread<Api extends ApiContract = RegisteredApi>(options: UseThreadOptions<Api>): UseThread<Api> {
  const client = useClient<Api>();
  const [own, setOwn] = useState<{ readonly given: string | undefined; readonly threadId: string | undefined }>({
    given: options.threadId,
    threadId: options.threadId,
  });
  // Another thread is given: what this one went on to is of the past.
  const threadId = own.given === options.threadId ? own.threadId : options.threadId;
  const newest = useRef(options);
  useEffect(() => {
    newest.current = options;
  });

  // The edge: threads are read by what every Api has in common.
  const store = useMemo(
    () => (threadId === undefined ? undefined : threadStoreOf(client as unknown as Client<ApiContract>, threadId)),
    [client, threadId],
  );
  const view = useSyncExternalStore(store?.subscribe ?? nothing, store?.view ?? unread, unread);

  const [, setChanges] = useState(0);
  const [pending] = useState(() => new PendingMessages(() => setChanges((count) => count + 1)));
  const [shown] = useState(() => new ShownMessages());
  const [refused, setRefused] = useState<VerbatimError>();
  const sending = useRef<Promise<SentRun<Api[keyof Api & string]>> | undefined>(undefined);

  const go = useCallback((next: string): void => {
    setOwn({ given: newest.current.threadId, threadId: next });
    newest.current.onThread?.(next);
  }, []);

  const actions = useMemo(() => {
    const attempt = async <Result>(action: () => Promise<Result>): Promise<Result> => {
      setRefused(undefined);
      try {
        return await action();
      } catch (cause) {
        const error = cause instanceof VerbatimError ? cause : new VerbatimError('INTERNAL', 'That did not work.', { cause });
        setRefused(error);
        throw error;
      }
    };
    const send = (outgoing: Outgoing<Api>, whenBusy?: 'steer'): Promise<SentRun<Api[keyof Api & string]>> => {
      const given: { readonly text: string; readonly agent?: string } = typeof outgoing === 'string' ? { text: outgoing } : outgoing;
      const agent = given.agent ?? newest.current.agent;
      const message = { ...(threadId !== undefined && { threadId }), ...(whenBusy !== undefined && { whenBusy }), ...given, agent };
      const sent = attempt(() =>
        // The edge: the parts were typed by the Api, and together they are one of its messages.
        pending.show(given.text, agent, () => client.send(message as never) as Promise<SentRun<Api[keyof Api & string]>>),
      );
      sending.current = sent;
      sent
        .then(
          (run) => {
            if (run.threadId !== threadId) go(run.threadId);
          },
          () => {},
        )
        .finally(() => {
          if (sending.current === sent) sending.current = undefined;
        });
      return sent;
    };
    const needed = (): string => {
      if (threadId !== undefined) return threadId;
      throw new VerbatimError('BAD_INPUT', 'The thread has not begun. Send a message first.');
    };
    return {
      send: (outgoing: Outgoing<Api>) => send(outgoing),
      steer: (outgoing: Outgoing<Api>) => send(outgoing, 'steer'),
      stop: () =>
        attempt(async () => {
          const run = await sending.current?.catch(() => undefined);
          const runId = store?.view().thread.activeRunId ?? run?.id;
          if (runId !== undefined) await client.run(runId).cancel();
        }),
      retry: () =>
        attempt(async () => {
          const last = store?.view().thread.messages.findLast((message) => message.runId !== undefined)?.runId;
          if (last === undefined) throw new VerbatimError('BAD_INPUT', 'There is nothing to answer again.');
          return client.run(last).retry();
        }),
      edit: (message: EditInput<Api>) =>
        attempt(async () => {
          const run = await client.messages.edit(message as EditInput<Api> & { readonly idempotencyKey?: string });
          go(run.threadId);
          return run;
        }),
      fork: (input: { readonly atSeq?: number; readonly title?: string } = {}) =>
        attempt(async () => {
          const fork = await client.threads.fork({ threadId: needed(), ...input });
          go(fork.id);
          return fork;
        }),
      approve: (callId: string, given: ApprovalOptions<Json> = {}) =>
        attempt(() => client.approvals.decide({ callId, decision: 'approve', ...given })),
      reject: (callId: string, given: string | Omit<ApprovalOptions<Json>, 'input'> = {}) =>
        attempt(() => client.approvals.decide({ callId, decision: 'reject', ...(typeof given === 'string' ? { reason: given } : given) })),
      // The call knows of which run it is.
      submitToolResult: (callId: string, output: Json) => attempt(() => client.run('').submitToolResult(callId as never, output as never)),
      failToolCall: (callId: string, error: string) => attempt(() => client.run('').failToolCall(callId, error)),
      dismiss: (key: string): void => pending.dismiss(key),
    };
  }, [client, threadId, store, pending, go]);

  const { thread } = view as { readonly thread: unknown } as { readonly thread: ThreadStateOf<Api> };
  const activeRun = thread.activeRunId === undefined ? undefined : thread.runs[thread.activeRunId];
  const messages = shown.of(thread.messages as readonly Message[], pending) as readonly (MessageOf<Api> & Shown)[];
  return {
    ...actions,
    threadId,
    messages,
    status: statusOf(view, threadId, activeRun, messages.at(-1)),
    hasEarlier: thread.earlier,
    runs: thread.runs,
    activeRun,
    data: thread.data,
    usage: lastUsage(thread.runs),
    error: view.error ?? refused,
    isCatchingUp: view.isCatchingUp,
  };
}

function statusOf(
  { error, isLoaded }: ThreadView,
  threadId: string | undefined,
  activeRun: { readonly status: string } | undefined,
  last: (Pick<Message, 'role' | 'status'> & Shown) | undefined,
): ThreadStatus {
  if (error !== undefined) return 'failed';
  if (activeRun !== undefined) return activeRun.status === 'waiting' ? 'waiting' : 'running';
  if (last?.pending === 'sending') return 'sending';
  if (threadId !== undefined && !isLoaded) return 'loading';
  return last?.role === 'user' && last.status === 'queued' && last.pending === undefined ? 'queued' : 'idle';
}

function lastUsage(runs: { readonly [runId: string]: { readonly usage?: Usage; readonly parentRunId?: string } }): Usage | undefined {
  return Object.values(runs).findLast((run) => run.usage !== undefined && run.parentRunId === undefined)?.usage;
}
