import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import type { ChartKind } from './charts.ts';
import type { Point } from './history.ts';
import { formatMoment, formatValue } from './units.ts';

const text = strings.dashboard;

/** The numbers of a chart, newest first, in the room of its picture. */
export function ChartTable({ kind, points }: { readonly kind: ChartKind; readonly points: readonly Point[] }): ReactNode {
  const { title, unit, lines } = kind;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is longer than its room is scrolled by the keyboard, too.
    <section className="chart-table" aria-label={text.asTable(title)} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text.at}</th>
            {lines.map((line) => (
              <th scope="col" key={line.title}>
                {line.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map((point) => (
            <tr key={point.at}>
              <th scope="row">{formatMoment(point.at)}</th>
              {lines.map((line) => {
                const value = line.of(point);
                return <td key={line.title}>{value === null ? text.unknown : formatValue(unit, value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
