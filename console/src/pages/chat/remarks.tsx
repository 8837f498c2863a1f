import { memo, type ReactNode } from 'react';
import type { Json, RemarkEvent, RunRemark } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { Icon, type IconName } from '../../ui/icon.tsx';
import { JsonTree } from '../../ui/jsonTree.tsx';
import './remarks.css';

/** What happened between the messages of a run: who took over, what a guard said, data of the application. */
export const Remarks = memo(function Remarks({ remarks }: { readonly remarks: readonly RunRemark[] }): ReactNode {
  return (
    <ul className="remarks" aria-label={strings.chat.remarks.label}>
      {remarks.map(({ event }) => (
        <li key={event.seq} className="remark" data-tone={toneOf(event)}>
          {event.type === 'data' ? <DataPart name={event.name} data={event.data} /> : <Remark event={event} />}
        </li>
      ))}
    </ul>
  );
});

type Told = Exclude<RemarkEvent, { readonly type: 'data' }>;

function Remark({ event }: { readonly event: Told }): ReactNode {
  const reason = 'reason' in event && event.type !== 'run.resumed' ? event.reason : undefined;
  return (
    <p className="remark-line">
      <Icon name={ICONS[event.type]} />
      <span>
        {textOf(event)}
        {reason !== undefined && reason !== '' && `: ${reason}`}
      </span>
    </p>
  );
}

/** By its name; a small value on the same line. */
function DataPart({ name, data }: { readonly name: string; readonly data: Json }): ReactNode {
  if (typeof data !== 'object' || data === null) {
    return (
      <p className="remark-line">
        <Icon name="data" />
        <span>
          <span className="remark-name">{name}</span> <span className="remark-value">{String(data)}</span>
        </span>
      </p>
    );
  }
  return (
    <details className="remark-data" open>
      <summary className="remark-line">
        <Icon name="data" /> <span className="remark-name">{name}</span>
      </summary>
      <JsonTree value={data} />
    </details>
  );
}

const ICONS: Record<Told['type'], IconName> = {
  'agent.handoff': 'right',
  'agent.routed': 'right',
  'model.switched': 'retry',
  'guard.verdict': 'guard',
  'run.resumed': 'retry',
  'tool.hosted': 'inspect',
};

function textOf(event: Told): string {
  const { remarks } = strings.chat;
  switch (event.type) {
    case 'agent.handoff':
      return remarks.handoff(event.to, event.from);
    case 'agent.routed':
      return remarks.routed(event.to);
    case 'model.switched':
      return remarks.switched(event.to, event.from);
    case 'guard.verdict':
      return remarks.guard[event.stage][event.verdict === 'block' ? 'block' : 'rewrite'](event.guard);
    case 'run.resumed':
      return event.reason === 'answered' ? '' : remarks.resumed[event.reason];
    case 'tool.hosted':
      return remarks.hosted[event.status](event.tool);
  }
}

function toneOf(event: RemarkEvent): 'bad' | 'warn' | undefined {
  if (event.type === 'guard.verdict') return event.verdict === 'block' ? 'bad' : 'warn';
  return event.type === 'model.switched' || event.type === 'run.resumed' ? 'warn' : undefined;
}
