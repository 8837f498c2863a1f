import { type KeyboardEvent, memo, type ReactNode, useId, useState } from 'react';
import { strings } from '../../strings.ts';
import type { ChartKind, Line } from './charts.ts';
import { ChartTable } from './chartTable.tsx';
import { type History, nearestPoint } from './history.ts';
import { Plot } from './plot.tsx';
import { formatMoment, formatValue } from './units.ts';
import type { Colours } from './useColours.ts';

const text = strings.dashboard;

export interface ChartProps {
  readonly kind: ChartKind;
  /** Undefined: not here yet. The chart has its room already. */
  readonly history: History | undefined;
  readonly moment: number | undefined;
  readonly onMoment: (at: number | undefined) => void;
  readonly colours: Colours;
}

/** Lines over time, with what they are at the moment that is pointed at, or at the newest. */
export const Chart = memo(function Chart({ kind, history, moment, onMoment, colours }: ChartProps): ReactNode {
  const { title, unit, lines } = kind;
  const id = useId();
  const [isTable, setTable] = useState(false);
  const points = history?.points ?? [];
  const row = moment === undefined ? points.length - 1 : nearestPoint(points, moment);
  const point = points[row];
  const shownOf = (line: Line): string => {
    const value = point === undefined ? null : line.of(point);
    return value === null ? text.unknown : formatValue(unit, value);
  };
  const said = lines
    .map((line) => `${line.title} ${point === undefined || line.of(point) === null ? text.none : shownOf(line)}`)
    .join(', ');
  const isEmpty = !points.some((one) => lines.some(({ of }) => of(one) !== null));
  const leaveBy = ({ key }: KeyboardEvent): void => {
    if (key === 'Escape') onMoment(undefined);
  };
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption className="chart-head">
        <h2 id={id} title={title}>
          {title}
        </h2>
        <span className="chart-at">{moment !== undefined && point !== undefined && formatMoment(point.at)}</span>
        <button
          type="button"
          className="button quiet chart-switch"
          aria-pressed={isTable}
          aria-label={text.asTable(title)}
          onClick={() => setTable(!isTable)}
        >
          {text.table}
        </button>
      </figcaption>
      <div className="chart-box">
        {isTable && <ChartTable kind={kind} points={points} />}
        {!isTable && history !== undefined && (
          <>
            <Plot
              unit={unit}
              lines={lines}
              history={history}
              moment={moment === undefined ? undefined : point?.at}
              onMoment={onMoment}
              colours={colours}
            />
            {isEmpty && <p className="chart-empty">{points.length === 0 ? text.waiting[history.range] : text.nothing}</p>}
            {points.length > 0 && (
              <input
                type="range"
                className="chart-scrubber"
                aria-label={text.moment(title)}
                aria-valuetext={point === undefined ? '' : `${formatMoment(point.at)}: ${said || text.nothing}`}
                min={0}
                max={points.length - 1}
                value={row}
                onChange={({ target }) => onMoment(points[target.valueAsNumber]?.at)}
                onKeyDown={leaveBy}
                onBlur={() => onMoment(undefined)}
              />
            )}
          </>
        )}
      </div>
      <ul className="chart-legend">
        {lines.map((line) => (
          <li key={line.title}>
            <svg className="chart-key" data-colour={line.colour} viewBox="0 0 18 8" width="18" height="8" aria-hidden="true">
              <line x1="0" x2="18" y1="4" y2="4" strokeDasharray={line.dash?.join(' ')} />
            </svg>
            {line.title} <b>{shownOf(line)}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
});
