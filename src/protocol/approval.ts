import type { Json } from './json.ts';

/** What a tool call waits for: a person's decision, the client that carries it out, the agent that it asked, or several of them. */
export type WaitsFor = 'approval' | 'client' | 'agent' | 'agents';

/** `expired` when nobody decided in time; `withdrawn` when the run ended first. */
export type ApprovalStatus = 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn';

/** A question to a person: may this tool call be made? */
export interface ApprovalInfo<Tool extends string = string, Input = Json> {
  readonly callId: string;
  readonly runId: string;
  readonly threadId: string;
  /** Where the caller may read it. */
  readonly thread?: { readonly title: string | null; readonly preview: string | null };
  /** The id of the principal whose thread it is, where that is not the caller. */
  readonly ownerId?: string;
  /** It is pending, and the caller may decide. */
  readonly mayDecide?: true;
  readonly agent: string;
  readonly tool: Tool;
  /** As the model asked for it; `editedInput` is what a person made of it. */
  readonly input: Input;
  readonly editedInput?: Input;
  readonly status: ApprovalStatus;
  /** Who may decide: principals with this role. Absent: who may write in the thread. */
  readonly role?: string;
  /** Why a person is asked. */
  readonly question?: string;
  readonly requestedAt: number;
  readonly expiresAt?: number;
  readonly decidedAt?: number;
  /** The principal who decided; `server` when it expired. */
  readonly by?: string;
  readonly reason?: string;
  readonly remember?: 'run' | 'thread';
}
