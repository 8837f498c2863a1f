import { type ReactNode, useState } from 'react';
import type { AnyEvent, RunInfo, RunStep } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { Link } from 'wouter';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { CopyTextButton } from '../../ui/copyTextButton.tsx';
import { errorText } from '../../ui/errorText.ts';
import { type Fact, Facts } from '../../ui/facts.tsx';
import { formatCost, formatCount } from '../../ui/formats.ts';
import { TimeText } from '../../ui/timeText.tsx';
import { fixtureOf } from './fixture.ts';
import { formatSpan } from './formatSpan.ts';
import type { NodeState, TimelineNode } from './timelineNode.ts';

const text = strings.run;

const TONES: Readonly<Record<NodeState, 'plain' | 'good' | 'warn' | 'bad'>> = {
  queued: 'plain',
  open: 'plain',
  waiting: 'warn',
  done: 'good',
  failed: 'bad',
  cancelled: 'warn',
  withdrawn: 'warn',
};

export interface RunHeadProps {
  readonly info: RunInfo;
  readonly root: TimelineNode;
  /** None, once they are folded. */
  readonly events: readonly AnyEvent[];
  readonly steps: ReadonlyMap<string, readonly RunStep[]>;
}

/** What run it is, how it stands, and what it took. */
export function RunHead({ info, root, events, steps }: RunHeadProps): ReactNode {
  const client = useClient();
  const [error, setError] = useState<unknown>();
  const { id, threadId, agent, currentAgent, parentRunId } = info;
  const isOpen = root.endAt === undefined;
  const usage = root.usage ?? info.usage;
  const firstTokenAt = [...(steps.get(id) ?? [])].map((step) => step.firstTokenAt).find((at) => at !== undefined);
  const attempt = events.reduce((most, event) => ('attempt' in event ? Math.max(most, event.attempt) : most), info.attempt);
  const facts: readonly Fact[] = [
    [text.facts.started, <TimeText key="at" at={info.startedAt ?? info.createdAt} seconds />],
    [text.facts.duration, root.startAt !== undefined && root.endAt !== undefined && formatSpan(root.endAt - root.startAt)],
    [text.facts.firstToken, firstTokenAt !== undefined && root.startAt !== undefined && formatSpan(firstTokenAt - root.startAt)],
    [text.facts.tokens, text.tokens(formatCount(usage.inputTokens), formatCount(usage.outputTokens))],
    [text.facts.cost, usage.cost !== undefined && formatCost(usage.cost)],
    [text.facts.attempts, attempt],
    [text.facts.parent, parentRunId !== undefined && <Link href={`/runs/${parentRunId}`}>{parentRunId}</Link>],
  ];
  const stop = (): void => {
    setError(undefined);
    client.run(id).cancel().catch(setError);
  };
  return (
    <header className="run-head">
      <div className="run-title">
        <h1>
          <span className="hidden">{text.title} </span>
          {agent}
          {currentAgent !== undefined && currentAgent !== agent && <span className="run-now"> → {currentAgent}</span>}
        </h1>
        <Badge tone={TONES[root.state]}>{text.states[root.state]}</Badge>
        <code className="run-id">{id}</code>
      </div>
      <div className="run-actions">
        {isOpen && (
          <button type="button" className="button danger" onClick={stop}>
            {text.stop}
          </button>
        )}
        {events.length > 0 && !isOpen && <CopyTextButton label={text.copyFixture} text={() => fixtureOf({ runId: id, events, steps })} />}
        <Link className="button run-thread" href={`/threads/${threadId}`}>
          {text.openThread}
        </Link>
      </div>
      {error !== undefined && (
        <p className="error" role="alert">
          {errorText(error)}
        </p>
      )}
      <Facts className="run-facts run-head-facts" facts={facts} />
      {root.state === 'failed' && root.note !== undefined && <p className="error run-error">{root.note}</p>}
    </header>
  );
}
