import type { ApprovalStatus, VerbatimError } from 'verbatim-agents/client';
import { strings } from '../strings.ts';

const text = strings.chat.approval.by;

/** How a question to a person ended. */
export interface Decision {
  readonly status: Exclude<ApprovalStatus, 'pending'>;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/** What somebody else decided first, when that is why something was refused. */
export function decisionOf({ code, details }: VerbatimError): Decision | undefined {
  if (code !== 'ALREADY_DECIDED' || typeof details !== 'object' || details === null) return undefined;
  // The edge: each part is looked at before it is used.
  const { status, by, reason } = details as Readonly<Record<string, unknown>>;
  if (typeof status !== 'string' || !isDecided(status)) return undefined;
  return { status, ...(typeof by === 'string' && { by }), ...(typeof reason === 'string' && { reason }) };
}

export function decisionText({ status, by, reason }: Decision): string {
  if (status === 'expired' || status === 'withdrawn') return text[status];
  return `${text[status]} ${by ?? ''}${reason === undefined ? '.' : `: ${reason}`}`;
}

function isDecided(status: string): status is Decision['status'] {
  return Object.hasOwn(text, status);
}
