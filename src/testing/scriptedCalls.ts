import { isDeepStrictEqual } from 'node:util';
import type { ApprovalQuestion } from '../agents/approvalPolicy.ts';
import type { AnyCall } from './contractScript.ts';

/** Who makes a call. Run ids are unique; the agent is for messages. */
export interface Caller {
  readonly agent: string;
  readonly runId: string;
}

interface OpenCall {
  readonly by: Caller;
  readonly call: AnyCall;
  wasAsked: boolean;
}

/** What becomes of calls that models have asked for, until a tool takes it. */
export class ScriptedCalls {
  #open: OpenCall[] = [];

  /** The run's model asks for these: its earlier calls are over, carried out or not. */
  add(by: Caller, calls: readonly AnyCall[]): void {
    this.#open = this.#open.filter((open) => open.by.runId !== by.runId);
    this.#open.push(...calls.map((call) => ({ by, call, wasAsked: false })));
  }

  /** What a person is to be asked about a call of a tool that may ask. */
  question(by: Caller, tool: string, input: unknown): ApprovalQuestion | undefined {
    const open = this.#find(by, tool, input, ({ wasAsked }) => !wasAsked) ?? this.#find(by, tool, input);
    if (open !== undefined) open.wasAsked = true;
    const { approval = true } = open?.call ?? {};
    return approval === true ? {} : approval === false ? undefined : approval;
  }

  /** Throws when no script says what becomes of it. */
  take(by: Caller, tool: string, input: unknown): AnyCall {
    const open = this.#find(by, tool, input);
    if (open === undefined) throw new Error(`The script of ${by.agent} does not say what becomes of this call of ${tool}.`);
    this.#open.splice(this.#open.indexOf(open), 1);
    return open.call;
  }

  #find(by: Caller, tool: string, input: unknown, also: (open: OpenCall) => boolean = () => true): OpenCall | undefined {
    const candidates = this.#open.filter((open) => open.by.runId === by.runId && open.call.name === tool && also(open));
    // A person may have edited it, or a default was filled in: then it is the first of its tool.
    return candidates.find(({ call }) => isDeepStrictEqual(call.input, input)) ?? candidates[0];
  }
}
