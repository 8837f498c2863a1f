import type { AnyEvent } from 'verbatim-agents/client';

const MAX_LENGTH = 200;

/** An event in a few words: what makes it differ from others of its type. */
export function eventLine(event: AnyEvent): string {
  const line = wordsOf(event).replace(/\s+/g, ' ');
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}

function wordsOf(event: AnyEvent): string {
  switch (event.type) {
    case 'message.received':
    case 'message.completed':
    case 'run.status':
      return event.text;
    case 'text.delta':
    case 'reasoning.delta':
      return event.delta;
    case 'tool.input.delta':
      return `${event.tool} ${event.delta}`;
    case 'tool.called':
    case 'approval.requested':
      return `${event.tool} ${shortJson(event.input)}`;
    case 'tool.progress':
      return `${event.tool} ${shortJson(event.data)}`;
    case 'tool.completed':
      return `${event.tool} ${shortJson(event.output)}`;
    case 'tool.file':
      return `${event.tool} ${event.preview}`;
    case 'tool.failed':
      return `${event.tool} ${event.error.code}: ${event.error.message}`;
    case 'tool.hosted':
      return `${event.tool} ${event.status}`;
    case 'approval.resolved':
      return `${event.tool} ${event.decision}: ${event.by}`;
    case 'run.queued':
      return event.agent;
    case 'run.started':
      return `${event.agent} #${event.attempt}`;
    case 'run.resumed':
      return `#${event.attempt} ${event.reason}`;
    case 'run.failed':
      return `${event.error.code}: ${event.error.message}`;
    case 'run.cancelled':
      return event.by;
    case 'run.completed':
      return event.outcome;
    case 'message.started':
      return `${event.agent} #${event.step}`;
    case 'message.discarded':
      return event.reason;
    case 'agent.handoff':
    case 'model.switched':
      return `${event.from} → ${event.to}`;
    case 'agent.routed':
      return `→ ${event.to}`;
    case 'guard.verdict':
      return `${event.guard}: ${event.verdict}`;
    case 'data':
      return `${event.name} ${shortJson(event.data)}`;
    default:
      return '';
  }
}

/** Of a large value the beginning: no more of it is ever seen here. */
function shortJson(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_LENGTH + 1) : JSON.stringify(value).slice(0, MAX_LENGTH + 1);
}
