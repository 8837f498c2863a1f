import type { AnyEvent, FinishReason } from '../../protocol/event.ts';
import { plainLine } from '../plainText.ts';
import type { Style } from '../terminal/span.ts';
import { fitText } from '../terminal/textWidth.ts';
import { valueText } from './callLine.ts';

export interface Remark {
  readonly text: string;
  readonly style: Style;
}

const QUIET: Style = { dim: true };
const WARN: Style = { colour: 'yellow' };
const BAD: Style = { colour: 'red' };
const MAX_DATA = 200;

/** What is said beside the answer about an event; undefined for those that are shown otherwise, or speak for themselves. */
export function remarkOn(event: AnyEvent): Remark | undefined {
  switch (event.type) {
    case 'run.resumed':
      if (event.reason === 'answered') return undefined;
      return { text: `~ ${RESUMED[event.reason]}; going on`, style: WARN };
    case 'message.completed':
      return REMARK_ON_FINISH[event.finish];
    case 'approval.resolved':
      return { text: `· ${event.tool} ${DECIDED[event.decision]} ${by(event.by)}${reason(event.reason)}`, style: QUIET };
    case 'agent.handoff':
      return { text: `→ ${event.to} takes over from ${event.from}${reason(event.reason)}`, style: QUIET };
    case 'agent.routed':
      return { text: `→ ${event.to}${reason(event.reason)}`, style: QUIET };
    case 'model.switched':
      return { text: `~ ${event.from} did not answer; going on with ${event.to}`, style: WARN };
    case 'guard.verdict':
      if (event.verdict === 'pass') return undefined;
      return {
        text: `~ the guard ${event.guard} ${event.verdict === 'block' ? 'stopped this' : 'changed this'}${reason(event.reason)}`,
        style: WARN,
      };
    case 'tool.hosted':
      return event.status === 'called' ? undefined : { text: `· ${event.tool} by the provider: ${event.status}`, style: QUIET };
    case 'data':
      return { text: fitText(`· ${event.name} ${valueText(event.data)}`, MAX_DATA), style: QUIET };
    case 'run.cancelled':
      return { text: '■ stopped', style: WARN };
    case 'run.failed':
      return { text: `✗ ${plainLine(event.error.message)} (${event.error.code})`, style: BAD };
    case 'run.completed':
      return event.outcome === 'partial' ? { text: '~ a part of the answer: a limit was reached', style: WARN } : undefined;
    default:
      return undefined;
  }
}

const RESUMED = {
  crash: 'the server was restarted',
  shutdown: 'the server was restarted',
  storage: 'the server can write again',
  stream_cut: 'the model was cut off',
} as const;

const DECIDED = {
  approved: 'approved by',
  rejected: 'refused by',
  expired: 'was not decided in time, says',
  withdrawn: 'is not asked any more, says',
} as const;

const REMARK_ON_FINISH: Partial<Record<FinishReason, Remark>> = {
  length: { text: '~ cut short: the model reached its limit of tokens', style: WARN },
  filtered: { text: "~ cut short by the provider's filter", style: WARN },
  incomplete: { text: '~ the model stopped without saying that it was done', style: WARN },
};

function by(principalId: string): string {
  return plainLine(principalId);
}

function reason(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `: ${plainLine(text)}`;
}
