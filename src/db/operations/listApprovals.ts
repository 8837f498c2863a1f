import type { ApprovalInfo, ApprovalStatus } from '../../protocol/approval.ts';
import { idOfOwner, ownerOf, type Principal, rolesOf } from '../../protocol/principal.ts';
import type { Page } from '../../protocol/procedures.ts';
import { boundedPage, jsonBytes } from '../boundedPage.ts';
import { decodePageToken, encodePageToken } from '../pageToken.ts';
import type { Queries } from '../queries.ts';
import { type Authority, mayWith, openThread } from './access.ts';
import { mayDecide } from './decideApproval.ts';
import { previewOfThread } from './views.ts';

export interface ApprovalsFilter {
  readonly threadId?: string | undefined;
  readonly callId?: string | undefined;
  readonly status?: ApprovalStatus | undefined;
  readonly limit: number;
  readonly maxBytes?: number;
  readonly pageToken?: string | undefined;
}

/** What a principal may decide, and what is asked in threads that are its own or shared with it; or all of a thread that it may read. Oldest first. */
export function listApprovals(authority: Authority, principal: Principal, filter: ApprovalsFilter): Page<ApprovalInfo> {
  const { threadId, callId, status, limit, maxBytes = Number.POSITIVE_INFINITY, pageToken } = filter;
  const [afterKey] = pageToken === undefined ? [] : decodePageToken(pageToken, 1);
  const of =
    threadId === undefined
      ? {
          owner: ownerOf(principal),
          roles: rolesOf(principal),
          tenant: principal.tenant,
          share: principal.share,
          now: authority.now,
        }
      : { thread: openThread(authority, principal, threadId, 'read').key };
  const { rows, more } = boundedPage<Row>({
    limit,
    maxBytes,
    read: (row, rowLimit) =>
      authority.queries.approvals.list({ of, callId, status, afterKey: row?.approval.key ?? afterKey, limit: rowLimit }),
    sizeOf: ({ approval, call }) => jsonBytes(call.input, call.editedInput, approval.question, approval.reason),
  });
  const last = rows.at(-1);
  return {
    items: rows.flatMap((row) => {
      const { queries } = authority;
      const mayRead = mayWith(authority, principal, row.thread, 'read');
      const decides = mayDecide(authority, principal, row);
      return mayRead || decides ? [{ ...infoOf(row), ...standing(principal, row, { queries, mayRead, decides }) }] : [];
    }),
    ...(more && last !== undefined && { nextPageToken: encodePageToken([last.approval.key]) }),
  };
}

type Row = ReturnType<Queries['approvals']['list']>[number];

/** What the caller is to it. Who decides is told who asks, though its thread may be for others alone. */
function standing(
  principal: Principal,
  { approval, thread }: Row,
  { queries, mayRead, decides }: { readonly queries: Queries; readonly mayRead: boolean; readonly decides: boolean },
): Pick<ApprovalInfo, 'thread' | 'ownerId' | 'mayDecide'> {
  return {
    ...(mayRead && { thread: { title: thread.title, preview: previewOfThread(queries, thread.key) } }),
    ...(thread.owner !== ownerOf(principal) && { ownerId: idOfOwner(thread.owner) }),
    ...(decides && approval.status === 'pending' && { mayDecide: true }),
  };
}

function infoOf({ approval, call, run, thread, agent }: Row): ApprovalInfo {
  const { status, role, question, requestedAt, decidedAt, by, reason, remember } = approval;
  return {
    callId: call.id,
    runId: run.id,
    threadId: thread.id,
    agent: agent ?? run.agent,
    tool: call.tool,
    input: call.input ?? null,
    status,
    requestedAt,
    ...(call.editedInput !== null && { editedInput: call.editedInput }),
    ...(role !== null && { role }),
    ...(question !== null && { question }),
    ...(call.status === 'waiting' && call.expiresAt !== null && { expiresAt: call.expiresAt }),
    ...(decidedAt !== null && { decidedAt }),
    ...(by !== null && { by }),
    ...(reason !== null && { reason }),
    ...(remember !== null && { remember }),
  };
}
