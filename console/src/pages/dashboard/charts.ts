import type { MetricName } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { countIn, type History, type Point, type Range } from './history.ts';
import type { Unit } from './units.ts';

const text = strings.dashboard.charts;
const { tiles, per } = strings.dashboard;

/** Those of the theme that can be told from each other and from the ground. */
export type LineColour = 'accent' | 'warn' | 'good' | 'bad' | 'text-2';

export interface Line {
  readonly title: string;
  readonly colour: LineColour;
  /** Lengths of strokes and of what is between them: a line is known without its colour, too. */
  readonly dash?: readonly number[];
  readonly of: (point: Point) => number | null;
}

export interface ChartKind {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Counted in intervals that are longer than those of the points. */
  readonly isCounted?: boolean;
  readonly lines: readonly Line[];
}

const DASHES = { long: [7, 3], short: [2, 3], mixed: [7, 3, 2, 3] } as const;
const LOOKS = [
  { colour: 'accent' },
  { colour: 'warn', dash: DASHES.long },
  { colour: 'good', dash: DASHES.short },
  { colour: 'bad', dash: DASHES.mixed },
  { colour: 'text-2', dash: DASHES.long },
] as const;
const MAX_CODES = 4;

/** Of the hour or the day. Which errors there were is asked by `errorLines`. */
export function chartsOf(range: Range): readonly ChartKind[] {
  return [
    chart('connections', text.connections, 'count', {
      [tiles.sockets]: 'sockets',
      [tiles.streams]: 'streams',
      [tiles.subscriptions]: 'subscriptions',
    }),
    chart('runs', text.runs, 'count', { [text.running]: 'runningRuns', [text.queued]: 'queuedRuns', [text.waiting]: 'waitingRuns' }),
    {
      id: 'ended',
      title: text.ended(per[range]),
      unit: 'count',
      isCounted: true,
      lines: [
        { title: tiles.completed, colour: 'good', of: (point) => countIn(point, 'completedPerSecond') },
        { title: tiles.failed, colour: 'bad', dash: DASHES.long, of: (point) => countIn(point, 'failedPerSecond') },
        { title: tiles.cancelled, colour: 'text-2', dash: DASHES.short, of: (point) => countIn(point, 'cancelledPerSecond') },
      ],
    },
    chart('queueAge', text.queueAge, 'ms', { [text.longest]: 'queueAgeMs' }),
    chart('tokens', text.tokens, 'rate', { [text.spoken]: 'tokensPerSecond' }),
    chart('firstToken', text.firstToken, 'ms', { [tiles.p50]: 'firstTokenP50Ms', [tiles.p99]: 'firstTokenP99Ms' }),
    chart('delivery', text.delivery, 'ms', { [tiles.p50]: 'deliveryP50Ms', [tiles.p99]: 'deliveryP99Ms' }),
    { id: 'errors', title: text.errors(per[range]), unit: 'count', isCounted: true, lines: [] },
    chart('slowReaders', text.slowReaders, 'count', { [text.readers]: 'slowReaders' }),
    chart('database', text.database, 'bytes', { [text.file]: 'databaseBytes', [tiles.used]: 'usedBytes', [tiles.wal]: 'walBytes' }),
    chart('memory', text.memory, 'bytes', { [text.process]: 'rssBytes', [tiles.heap]: 'heapBytes' }),
    chart('processor', text.processor, 'share', { [tiles.processor]: 'cpuShare' }),
  ];
}

function chart(id: string, title: string, unit: Unit, names: Readonly<Record<string, MetricName>>): ChartKind {
  const lines = Object.entries(names).map(([name, metric], place): Line => {
    return { title: name, ...(LOOKS[place] ?? LOOKS[0]), of: ({ values }) => values[metric] ?? null };
  });
  return { id, title, unit, lines };
}

/** A line for each of the codes that there were most of, and one for the others. */
export function errorLines({ points }: History): readonly Line[] {
  const codes = errorTotals(points).map(([code]) => code);
  const [shown, others] = codes.length > MAX_CODES + 1 ? [codes.slice(0, MAX_CODES), codes.slice(MAX_CODES)] : [codes, []];
  const lines = shown.map((code, place): Line => ({ title: code, ...(LOOKS[place] ?? LOOKS[0]), of: ({ errors }) => errors[code] ?? 0 }));
  if (others.length === 0) return lines;
  const sum = ({ errors }: Point): number => others.reduce((all, code) => all + (errors[code] ?? 0), 0);
  return [...lines, { title: text.otherErrors, ...LOOKS[MAX_CODES], of: sum }];
}

/** By code, most first. */
export function errorTotals(points: readonly Point[]): readonly (readonly [code: string, count: number])[] {
  const totals = new Map<string, number>();
  for (const { errors } of points) for (const [code, count] of Object.entries(errors)) totals.set(code, (totals.get(code) ?? 0) + count);
  return [...totals].sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1));
}
