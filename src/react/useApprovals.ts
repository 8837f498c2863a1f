import { useMemo } from 'react';
import type { Client } from '../client/client.ts';
import type { ApprovalInfo, ApprovalStatus } from '../protocol/approval.ts';
import type { AgentContract, ApiContract, ApprovalOptions, CallRef, Decision, ToolInput, ToolName } from '../protocol/contract.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { ListStore, UNREAD_LIST } from './listStore.ts';
import { useClient } from './provider.ts';
import type { RegisteredApi } from './register.ts';
import { SharedStores } from './sharedStores.ts';
import { useShared } from './useShared.ts';

export interface UseApprovalsOptions {
  /** Of one thread alone. */
  readonly threadId?: string | undefined;
  /** Default `pending`. */
  readonly status?: ApprovalStatus | undefined;
  /** How often it is read again while the page is seen, for what others are asked and decide. 0: never by time alone. Default 10,000. */
  readonly refreshMs?: number | undefined;
}

/** A question whether a tool may be called; its input is typed by the tool's name. */
export type ApprovalOf<Agent extends AgentContract> = Agent extends AgentContract
  ? { [Tool in keyof Agent['tools'] & string]: ApprovalInfo<Tool, Agent['tools'][Tool]['input']> }[keyof Agent['tools'] & string]
  : never;

export interface UseApprovals<Api extends ApiContract> {
  /** Oldest first. */
  readonly approvals: readonly ApprovalOf<Api[keyof Api & string]>[];
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  /** Why it could not be read the last time. `approvals` is what was read before. */
  readonly error: VerbatimError | undefined;
  loadMore(): Promise<void>;
  reload(): Promise<void>;
  /** Rejects with `ALREADY_DECIDED` when somebody was first. The approval leaves the list at once. */
  approve<Tool extends ToolName<Api[keyof Api & string]>>(
    call: CallRef<Tool>,
    options?: ApprovalOptions<ToolInput<Api[keyof Api & string], Tool>>,
  ): Promise<Decision>;
  reject(call: CallRef, options?: string | Omit<ApprovalOptions, 'input'>): Promise<Decision>;
}

const lists = new SharedStores<ListStore<ApprovalInfo>>();

/** What the caller may decide, and what is asked in its own threads. */
export function useApprovals<Api extends ApiContract = RegisteredApi>(options: UseApprovalsOptions = {}): UseApprovals<Api> {
  const { threadId, status = 'pending', refreshMs = 10_000 } = options;
  const client = useClient<Api>() as unknown as Client<ApiContract>;
  const key = JSON.stringify([threadId, status, refreshMs]);
  const create = (): ListStore<ApprovalInfo> =>
    new ListStore({
      client,
      list: 'approvals',
      refreshMs,
      page: (pageToken) =>
        client.approvals.list({ status, ...(threadId !== undefined && { threadId }), ...(pageToken !== undefined && { pageToken }) }),
      idOf: ({ callId }) => callId,
    });
  const { rows, isLoaded, hasMore, isLoadingMore, error } = useShared({ stores: lists, client, key, create, first: UNREAD_LIST });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `create` makes what the key says.
  const actions = useMemo(() => {
    const store = (): ListStore<ApprovalInfo> => lists.open(client, key, create);
    const decide = (call: CallRef, decision: 'approve' | 'reject', given: ApprovalOptions): Promise<Decision> => {
      const callId = typeof call === 'string' ? call : call.callId;
      return store().change(
        (approvals) => (status === 'pending' ? approvals.filter((approval) => approval.callId !== callId) : approvals),
        () => client.approvals.decide({ callId, decision, ...given }),
      );
    };
    return {
      loadMore: () => store().loadMore(),
      reload: () => store().reload(),
      approve: (call: CallRef, given: ApprovalOptions = {}) => decide(call, 'approve', given),
      reject: (call: CallRef, given: string | Omit<ApprovalOptions, 'input'> = {}) =>
        decide(call, 'reject', typeof given === 'string' ? { reason: given } : given),
    };
  }, [client, key]);
  // The edge: the server has checked what the tools' schemas say.
  return {
    approvals: rows,
    isLoading: !isLoaded && error === undefined,
    hasMore,
    isLoadingMore,
    error,
    ...actions,
  } as unknown as UseApprovals<Api>;
}
