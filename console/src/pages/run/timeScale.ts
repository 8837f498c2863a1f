import type { Span, TimelineNode } from './timelineNode.ts';

/** Where moments of a run stand on its axis. Long waits can be cut short on it, or what happens between them could not be seen. */
export interface TimeScale {
  readonly startAt: number;
  readonly endAt: number;
  /** Of the axis, and of playing it: the cut waits are not counted. */
  readonly lengthMs: number;
  readonly gaps: readonly Required<Span>[];
  /** Milliseconds on the axis. */
  placeOf(at: number): number;
  timeAt(place: number): number;
}

/** A wait is cut when it is longer than this, and than this share of all that was done. */
const MIN_GAP_MS = 3_000;
const GAP_SHARE = 0.25;
/** What is left of it. */
const CUT_MS = 400;
const CUT_SHARE = 0.04;

export interface TimeScaleInput {
  readonly root: TimelineNode;
  readonly now: number;
  readonly cutsWaits: boolean;
}

export function createTimeScale({ root, now, cutsWaits }: TimeScaleInput): TimeScale {
  const startAt = earliest(root) ?? now;
  const endAt = Math.max(startAt + 1, root.endAt ?? now);
  const busy = joined(busySpans(root, endAt));
  const busyMs = busy.reduce((sum, { from, to }) => sum + to - from, 0);
  const minGap = Math.max(MIN_GAP_MS, busyMs * GAP_SHARE);
  const cutMs = Math.max(CUT_MS, busyMs * CUT_SHARE);
  const gaps = cutsWaits ? gapsBetween(busy, { startAt, endAt }).filter(({ from, to }) => to - from > minGap) : [];
  const placeOf = (at: number): number => {
    let place = Math.min(Math.max(at, startAt), endAt) - startAt;
    for (const { from, to } of gaps) {
      if (at >= to) place -= to - from - cutMs;
      else if (at > from) return place - (at - from) * (1 - cutMs / (to - from));
    }
    return place;
  };
  const lengthMs = placeOf(endAt);
  const timeAt = (place: number): number => {
    let at = startAt + Math.min(Math.max(place, 0), lengthMs);
    for (const { from, to } of gaps) {
      if (at <= from) break;
      const scale = (to - from) / cutMs;
      if (at < from + cutMs) return from + (at - from) * scale;
      at += to - from - cutMs;
    }
    return at;
  };
  return { startAt, endAt, lengthMs, gaps, placeOf, timeAt };
}

const TICKS = 6;

/** Where to write a time: at round places, few enough to be read. */
export function ticksOf({ lengthMs }: TimeScale): readonly number[] {
  const rough = lengthMs / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => power * factor >= rough) ?? 10);
  return Array.from({ length: Math.ceil(lengthMs / step) }, (_, index) => index * step);
}

function earliest(node: TimelineNode): number | undefined {
  return node.children.reduce<number | undefined>((first, child) => min(first, earliest(child)), node.startAt);
}

function min(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.min(left, right);
}

/** In which a model spoke or a tool worked. */
function busySpans(node: TimelineNode, now: number): Required<Span>[] {
  const inner = node.children.flatMap((child) => busySpans(child, now));
  const isWork = node.kind === 'model' || node.kind === 'message' || node.kind === 'tool';
  if (!isWork || node.startAt === undefined || node.children.some(({ kind }) => kind === 'run')) return inner;
  let from = node.startAt;
  for (const wait of node.waits) {
    inner.push({ from, to: wait.from });
    from = wait.to ?? now;
  }
  inner.push({ from, to: node.endAt ?? now });
  return inner;
}

function joined(spans: readonly Required<Span>[]): readonly Required<Span>[] {
  const all: Required<Span>[] = [];
  for (const span of [...spans].sort((left, right) => left.from - right.from)) {
    const last = all.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else all.push({ ...span });
  }
  return all;
}

function gapsBetween(
  busy: readonly Required<Span>[],
  { startAt, endAt }: { readonly startAt: number; readonly endAt: number },
): Required<Span>[] {
  if (busy.length === 0) return [];
  const edges = [startAt, ...busy.flatMap(({ from, to }) => [from, to]), endAt];
  return Array.from({ length: edges.length / 2 }, (_, index) => ({ from: edges[2 * index] ?? startAt, to: edges[2 * index + 1] ?? endAt }));
}
