import { type PointerEvent, type ReactNode, useLayoutEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import type { Line } from './charts.ts';
import { type History, withGaps } from './history.ts';
import { formatMinutes, formatTick, LEAST_TOP, stepsOf, type Unit } from './units.ts';
import type { Colours } from './useColours.ts';
import 'uplot/dist/uPlot.min.css';

export interface PlotProps {
  readonly unit: Unit;
  readonly lines: readonly Line[];
  readonly history: History;
  /** The moment that is looked at, of all charts. */
  readonly moment: number | undefined;
  readonly onMoment: (at: number | undefined) => void;
  readonly colours: Colours;
}

const AXIS_WIDTH = 56;
const AXIS_HEIGHT = 24;
const HEADROOM = 1.08;

/** The picture of a chart. It is for the eye alone: its numbers are in the legend and the table. */
export function Plot(props: PlotProps): ReactNode {
  const { lines, history, moment, onMoment, colours } = props;
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  // What is drawn is looked up when it is drawn.
  const shown = useRef(props);
  shown.current = props;
  const data = useMemo(() => columnsOf(history, lines), [history, lines]);
  const look = lines.map(({ colour, dash }) => `${colour} ${dash?.join()}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines are another plot.
  useLayoutEffect(() => {
    const box = frame.current;
    if (box === null) return;
    const made = new uPlot(optionsOf(shown, box), data, box);
    plot.current = made;
    const sizes = new ResizeObserver(() => {
      if (box.clientWidth > 0) made.setSize({ width: box.clientWidth, height: box.clientHeight });
    });
    sizes.observe(box);
    return () => {
      sizes.disconnect();
      plot.current = undefined;
      made.destroy();
    };
  }, [look]);
  useLayoutEffect(() => {
    if (plot.current !== undefined && plot.current.data !== data) plot.current.setData(data);
  }, [data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn has these colours.
  useLayoutEffect(() => plot.current?.redraw(false, true), [colours]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: where a moment is depends on what is drawn.
  useLayoutEffect(() => {
    const left = moment === undefined ? -1 : (plot.current?.valToPos(moment, 'x') ?? -1);
    plot.current?.setCursor({ left, top: moment === undefined ? -1 : 0 }, false);
  }, [moment, data, look]);

  const point = ({ clientX }: PointerEvent): void => {
    if (plot.current === undefined) return;
    onMoment(plot.current.posToVal(clientX - plot.current.over.getBoundingClientRect().left, 'x'));
  };
  return (
    <div
      ref={frame}
      className="chart-plot"
      aria-hidden="true"
      onPointerMove={point}
      onPointerDown={point}
      // A finger that is lifted leaves what it has pointed at, to be read.
      onPointerLeave={({ pointerType }) => pointerType === 'mouse' && onMoment(undefined)}
    />
  );
}

function columnsOf(history: History, lines: readonly Line[]): uPlot.AlignedData {
  const rows = withGaps(history);
  const column = ({ of }: Line): (number | null)[] => rows.map(({ point }) => (point === undefined ? null : of(point)));
  return [rows.map(({ at }) => at), ...lines.map(column)];
}

function optionsOf(shown: { readonly current: PlotProps }, { clientWidth: width, clientHeight: height }: HTMLElement): uPlot.Options {
  const { unit, lines } = shown.current;
  const colour = (name: string) => (): string => shown.current.colours.of(name);
  const axis = { stroke: colour('text-2'), font: shown.current.colours.font, ticks: { show: false } };
  const nothing = () => null;
  return {
    width,
    height,
    ms: 1,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 7, width: 2, fill: colour('ground'), stroke: (_plot, place) => colour(lines[place - 1]?.colour ?? 'text')() },
      // The pointer is followed by the component, for all charts together.
      bind: { mousemove: nothing, mousedown: nothing, mouseup: nothing, mouseenter: nothing, mouseleave: nothing, dblclick: nothing },
    },
    scales: {
      x: { time: true, range: () => [shown.current.history.from, shown.current.history.until] },
      y: { range: (_plot, _least, most) => [0, Math.max(LEAST_TOP[unit], (most ?? 0) * HEADROOM)] },
    },
    axes: [
      { ...axis, size: AXIS_HEIGHT, gap: 4, space: 70, grid: { show: false }, values: (_plot, splits) => splits.map(formatMinutes) },
      {
        ...axis,
        size: AXIS_WIDTH,
        gap: 6,
        space: 32,
        incrs: stepsOf(unit),
        grid: { stroke: colour('line'), width: 1 },
        values: (_plot, splits) => splits.map((value) => formatTick(unit, value)),
      },
    ],
    series: [
      {},
      ...lines.map(
        (line): uPlot.Series => ({
          stroke: colour(line.colour),
          width: 1.5,
          ...(line.dash !== undefined && { dash: [...line.dash] }),
          points: { size: 4, fill: colour(line.colour), show: false, filter: (plot, place) => alone(plot.data[place] ?? []) },
        }),
      ),
    ],
    hooks: { drawAxes: [(plot) => drawRestarts(plot, shown.current)] },
  };
}

/** Where a single value stands between two gaps: it is drawn, though it makes no line. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values, (_, row) => row).filter((row) => values[row] != null && values[row - 1] == null && values[row + 1] == null);
}

function drawRestarts({ ctx, bbox, valToPos }: uPlot, { history, colours }: PlotProps): void {
  ctx.save();
  ctx.strokeStyle = colours.of('text-2');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const at of history.restarts) {
    const left = Math.round(valToPos(at, 'x', true));
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
