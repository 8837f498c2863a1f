import type { Principal } from '../protocol/principal.ts';

/** What a person is asked. */
export interface ApprovalQuestion {
  /** Who may decide: principals whose `roles` name it. Absent: who may write in the thread. */
  readonly role?: string;
  /** After this time the call is rejected as expired. Default: the limit `approvalTimeoutMs`, a day. */
  readonly expiresInMs?: number;
  /** Shown to who decides. */
  readonly reason?: string;
}

export interface ApprovalContext<Context = unknown> {
  readonly context: Context;
  readonly principal: Principal;
  readonly threadId: string;
  readonly runId: string;
  readonly agent: string;
}

/** `needsApproval` of a tool. */
export type ApprovalOption<Input = unknown, Context = unknown> =
  | boolean
  | ApprovalQuestion
  | ((input: Input, context: ApprovalContext<Context>) => boolean | ApprovalQuestion | Promise<boolean | ApprovalQuestion>);

/** What is to be asked about this call, or undefined when nobody need be. What the function throws is the call's failure. */
export async function askApproval(
  option: ApprovalOption<never, never> | undefined,
  input: unknown,
  context: unknown,
): Promise<ApprovalQuestion | undefined> {
  const asked = typeof option === 'function' ? await option(input as never, context as ApprovalContext<never>) : option;
  if (asked === undefined || asked === false) return undefined;
  return asked === true ? {} : asked;
}
