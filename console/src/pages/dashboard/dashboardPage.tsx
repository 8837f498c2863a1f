import { type ReactNode, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { strings } from '../../strings.ts';
import { ErrorState } from '../../ui/errorState.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { Chart } from './chart.tsx';
import { chartsOf, errorLines } from './charts.ts';
import { inIntervals, type Range } from './history.ts';
import { presentFacts } from './presentFacts.ts';
import { Tiles } from './tiles.tsx';
import { formatMoment } from './units.ts';
import { useColours } from './useColours.ts';
import { useHistory } from './useHistory.ts';
import { useLiveSample } from './useLiveSample.ts';
import './dashboard.css';

const text = strings.dashboard;
const RANGES: readonly Range[] = ['hour', 'day'];

/** How the server does, and did. The range is in the address. */
export function DashboardPage(): ReactNode {
  const [params, setParams] = useSearchParams();
  const range: Range = params.get('range') === 'day' ? 'day' : 'hour';
  const [attempt, setAttempt] = useState(0);
  const live = useLiveSample(attempt);
  // The tiles tell of the last hour, whichever range is drawn.
  const hour = useHistory('hour');
  const day = useHistory('day', range === 'day');
  const { history, error } = range === 'day' ? day : hour;
  const [moment, setMoment] = useState<number>();
  const colours = useColours();
  const charts = useMemo(
    () => chartsOf(range).map((kind) => (kind.id === 'errors' && history !== undefined ? { ...kind, lines: errorLines(history) } : kind)),
    [range, history],
  );
  const counted = useMemo(() => history && inIntervals(history), [history]);
  const facts = useMemo(() => presentFacts(live, hour.history?.points ?? []), [live, hour.history]);
  const retry = (): void => {
    setAttempt(attempt + 1);
    hour.reload();
    day.reload();
  };
  // While the connection is lost, what is there stays and says since when.
  const failure = live.error ?? (live.isStale && history !== undefined ? undefined : (hour.error ?? error));
  const restartedAt = history?.restarts.at(-1);
  return (
    <div className="page dashboard">
      <header className="dashboard-head">
        <h1>{strings.pages.dashboard}</h1>
        <p className="dashboard-live" role="status" data-stale={live.isStale}>
          {live.heardAt === undefined ? strings.state.loading : live.isStale ? text.stale(formatMoment(live.heardAt)) : text.live}
        </p>
        <p className="dashboard-up">
          {hour.history !== undefined && (
            <>
              {text.upSince} <TimeText at={hour.history.startedAt} />
            </>
          )}
        </p>
      </header>
      {failure !== undefined && <ErrorState error={failure} onRetry={retry} />}
      <Tiles facts={facts} isStale={live.isStale} />
      <div className="dashboard-bar">
        <fieldset className="dashboard-range">
          <legend className="hidden">{text.range}</legend>
          {RANGES.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="range"
                checked={range === one}
                onChange={() => {
                  setMoment(undefined);
                  setParams(one === 'hour' ? {} : { range: one }, { replace: true });
                }}
              />
              {text.ranges[one]}
            </label>
          ))}
        </fieldset>
        <p className="dashboard-restart" role="status">
          {restartedAt !== undefined && text.restarted(formatMoment(restartedAt))}
        </p>
      </div>
      <div className="charts" onPointerDown={({ target }) => isBesidePlots(target) && setMoment(undefined)}>
        {charts.map((kind) => (
          <Chart
            key={kind.id}
            kind={kind}
            history={kind.isCounted ? counted : history}
            moment={moment}
            onMoment={setMoment}
            colours={colours}
          />
        ))}
      </div>
    </div>
  );
}

function isBesidePlots(target: EventTarget): boolean {
  return target instanceof Element && target.closest('.chart-plot') === null;
}
