import type { MetricName, MetricSample } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { errorTotals } from './charts.ts';
import { countIn, type Point } from './history.ts';
import { formatClock, formatValue, type Unit } from './units.ts';
import type { LiveSample } from './useLiveSample.ts';

const text = strings.dashboard.tiles;
const LATE_MS = 10_000;
const SHOWN_CODES = 3;

/** One thing about the present, and what belongs to it. */
export interface Fact {
  readonly title: string;
  readonly value: string;
  readonly rows: readonly (readonly [title: string, value: string])[];
}

/** The present, by what was heard last and by the points of the last hour. */
export function presentFacts({ sample, firstToken, delivery }: LiveSample, points: readonly Point[]): readonly Fact[] {
  const shown = (unit: Unit, name: MetricName): string => format(unit, sample?.values[name]);
  const row = (title: string, unit: Unit, name: MetricName) => [title, shown(unit, name)] as const;
  const total = (name: Parameters<typeof countIn>[1]): number => points.reduce((sum, point) => sum + (countIn(point, name) ?? 0), 0);
  const [completed, failed, cancelled] = [total('completedPerSecond'), total('failedPerSecond'), total('cancelledPerSecond')];
  const errors = errorTotals(points);
  const { sockets, streams } = sample?.values ?? {};
  const now = sample?.at ?? 0;
  return [
    {
      title: text.connections,
      value: format('count', sockets == null ? undefined : sockets + (streams ?? 0)),
      rows: [
        row(text.sockets, 'count', 'sockets'),
        row(text.streams, 'count', 'streams'),
        row(text.subscriptions, 'count', 'subscriptions'),
      ],
    },
    {
      title: text.runs,
      value: shown('count', 'runningRuns'),
      rows: [row(text.queued, 'count', 'queuedRuns'), row(text.waiting, 'count', 'waitingRuns')],
    },
    {
      title: text.ended,
      value: format('count', completed + failed + cancelled),
      rows: [
        [text.completed, format('count', completed)],
        [text.failed, format('count', failed)],
        [text.cancelled, format('count', cancelled)],
      ],
    },
    { title: text.queueAge, value: shown('ms', 'queueAgeMs'), rows: [row(text.queued, 'count', 'queuedRuns')] },
    {
      title: text.tokens,
      value: shown('rate', 'tokensPerSecond'),
      rows: [row(text.sends, 'rate', 'sendsPerSecond'), row(text.calls, 'rate', 'callsPerSecond')],
    },
    percentiles(text.firstToken, ['firstTokenP50Ms', 'firstTokenP99Ms'], newest(firstToken, points, 'firstTokenP50Ms'), now),
    percentiles(text.delivery, ['deliveryP50Ms', 'deliveryP99Ms'], newest(delivery, points, 'deliveryP50Ms'), now),
    {
      title: text.errors,
      value: format(
        'count',
        errors.reduce((sum, [, count]) => sum + count, 0),
      ),
      rows: errors.slice(0, SHOWN_CODES).map(([code, count]) => [code, format('count', count)]),
    },
    { title: text.slowReaders, value: shown('count', 'slowReaders'), rows: [row(text.buffered, 'bytes', 'bufferedBytes')] },
    {
      title: text.database,
      value: shown('bytes', 'databaseBytes'),
      rows: [row(text.used, 'bytes', 'usedBytes'), row(text.wal, 'bytes', 'walBytes')],
    },
    { title: text.memory, value: shown('bytes', 'rssBytes'), rows: [row(text.heap, 'bytes', 'heapBytes')] },
    { title: text.processor, value: shown('share', 'cpuShare'), rows: [row(text.loopLag, 'ms', 'loopLagP99Ms')] },
  ];
}

type Known = Pick<Point, 'at' | 'values'>;

/** In most seconds nothing is answered: what is known last is shown, and of when it is. */
function newest(heard: MetricSample | undefined, points: readonly Point[], name: MetricName): Known | undefined {
  const kept = points.findLast(({ values }) => values[name] != null);
  return heard !== undefined && (kept === undefined || heard.at >= kept.at) ? heard : kept;
}

function percentiles(title: string, [p50, p99]: readonly [MetricName, MetricName], known: Known | undefined, now: number): Fact {
  return {
    title,
    value: format('ms', known?.values[p50]),
    rows: [
      [text.p99, format('ms', known?.values[p99])],
      ...(known !== undefined && now - known.at > LATE_MS ? [[text.asOf, formatClock(known.at)] as const] : []),
    ],
  };
}

function format(unit: Unit, value: number | null | undefined): string {
  return value == null ? strings.dashboard.unknown : formatValue(unit, value);
}
