import { Tabs } from '@base-ui/react/tabs';
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import type { AnyEvent } from 'verbatim-agents/client';
import { useParams } from 'wouter';
import { strings } from '../../strings.ts';
import { ErrorState } from '../../ui/errorState.tsx';
import { Loading } from '../../ui/loading.tsx';
import { buildTimeline } from './buildTimeline.ts';
import { EventList } from './eventList.tsx';
import { NodeDetails } from './nodeDetails.tsx';
import { PlaybackBar } from './playbackBar.tsx';
import { RunHead } from './runHead.tsx';
import { findNode, rowsOf } from './timelineNode.ts';
import { createTimeScale } from './timeScale.ts';
import { Transcript } from './transcript.tsx';
import { useNow } from './useNow.ts';
import { usePlayback } from './usePlayback.ts';
import { useRunEvents } from './useRunEvents.ts';
import { useRunRecord } from './useRunRecord.ts';
import { Waterfall } from './waterfall.tsx';
import './runPage.css';

const text = strings.run;
type Tab = 'details' | 'events' | 'transcript';
const TABS: readonly Tab[] = ['events', 'details', 'transcript'];

/** One run, from its first event to its last. */
export function RunPage(): ReactNode {
  const { runId = '' } = useParams<{ runId: string }>();
  return <Inspector key={runId} runId={runId} />;
}

function Inspector({ runId }: { readonly runId: string }): ReactNode {
  const { events, snapshot, isOver, error } = useRunEvents(runId);
  const record = useRunRecord(runId, events);
  const { info, steps } = record;
  const root = useMemo(() => buildTimeline({ runId, events, steps, info }), [runId, events, steps, info]);
  const isLive = root.endAt === undefined;
  const now = useNow(isLive, events);
  const [cutsWaits, setCutsWaits] = useState(true);
  const scale = useMemo(() => createTimeScale({ root, now, cutsWaits }), [root, now, cutsWaits]);
  const playback = usePlayback(scale);
  const { place } = playback;
  const seen = useMemo(() => (place === undefined ? undefined : seenAt(events, scale.timeAt(place))), [events, scale, place]);
  const seenCount = seen?.count ?? events.length;
  const seenEvents = useMemo(() => (seenCount === events.length ? events : events.slice(0, seenCount)), [events, seenCount]);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => rowsOf(root, folded), [root, folded]);
  const [selectedId, setSelectedId] = useState(runId);
  const [tab, setTab] = useState<Tab>('events');
  const [shownSeq, setShownSeq] = useState<number>();

  const select = useCallback((id: string) => {
    setSelectedId(id);
    setTab('details');
  }, []);
  const fold = useCallback((id: string, isFolded: boolean) => {
    setFolded((before) => new Set(isFolded ? [...before, id] : [...before].filter((other) => other !== id)));
  }, []);
  const showEvent = useCallback((seq: number) => {
    setShownSeq(seq);
    setTab('events');
  }, []);
  const { agent } = info ?? {};
  useEffect(() => {
    const before = document.title;
    document.title = [text.title, agent, strings.app.name].filter(Boolean).join(' · ');
    return () => {
      document.title = before;
    };
  }, [agent]);

  if (info === undefined) {
    const failure = record.error ?? error;
    if (failure === undefined) return <Loading />;
    return (
      <div className="page">
        <h1 className="hidden">{text.title}</h1>
        <ErrorState error={failure} onRetry={record.reload} />
      </div>
    );
  }
  return (
    <div className="page run-page">
      <RunHead info={info} root={root} events={snapshot === undefined ? events : []} steps={steps} />
      {snapshot !== undefined && <p className="run-folded">{text.folded}</p>}
      {error !== undefined && <ErrorState error={error} />}
      <PlaybackBar playback={playback} scale={scale} isLive={isLive} cutsWaits={cutsWaits} onCutWaits={setCutsWaits} />
      <Waterfall rows={rows} folded={folded} scale={scale} place={place} selectedId={selectedId} onSelect={select} onFold={fold} />
      {/* The edge: the values are those of the tabs below. */}
      <Tabs.Root value={tab} onValueChange={(value) => setTab(value as Tab)}>
        <Tabs.List className="run-tabs">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name} className="run-tab">
              {text.tabs[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="events" className="run-panel">
          <EventList
            events={seenEvents}
            startAt={scale.startAt}
            shownSeq={shownSeq}
            follows={place !== undefined || (!isOver && snapshot === undefined)}
          />
        </Tabs.Panel>
        <Tabs.Panel value="details" className="run-panel">
          <NodeDetails node={findNode(root, selectedId) ?? root} events={events} startAt={scale.startAt} onShowEvent={showEvent} />
        </Tabs.Panel>
        <Tabs.Panel value="transcript" className="run-panel">
          <Transcript
            events={seenEvents}
            next={seen === undefined ? undefined : events[seen.count]}
            share={seen?.share ?? 0}
            left={snapshot?.messages.filter((message) => message.runId === runId)}
          />
        </Tabs.Panel>
      </Tabs.Root>
    </div>
  );
}

/** How many events there were at that time, and how far it is on the way to the next. */
function seenAt(events: readonly AnyEvent[], at: number): { readonly count: number; readonly share: number } {
  const found = events.findIndex((event) => event.at > at);
  if (found < 0) return { count: events.length, share: 0 };
  const before = events[found - 1]?.at ?? at;
  const next = events[found]?.at ?? at;
  return { count: found, share: next > before ? (at - before) / (next - before) : 0 };
}
