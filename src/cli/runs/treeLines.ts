import type { Json } from '../../protocol/json.ts';
import { estimateText } from '../estimateText.ts';
import type { Paint } from '../paint.ts';
import { plainLine } from '../plainText.ts';
import { cutToWidth, shortDuration } from '../textTable.ts';
import { costOf, paintStatus, tokensOf, tookOf } from './runStatus.ts';
import type { RunPart, RunTree, StepPart, ToolPart } from './runTree.ts';

interface Line {
  /** With the branches of the tree before it. */
  readonly label: string;
  readonly at: number | undefined;
  readonly tookMs: number | undefined;
  readonly note: string;
  readonly style?: keyof Paint | undefined;
}

const MAX_LABEL = 44;
const MAX_NOTE = 400;

export interface TreeOptions {
  readonly paint: Paint;
  /** Of the terminal; undefined for no bound. */
  readonly width: number | undefined;
  readonly now: number;
}

/** What the run did as the lines of a tree, each with when it began and how long it took, cut to the terminal. */
export function treeLines(tree: RunTree, { paint, width = Number.POSITIVE_INFINITY, now }: TreeOptions): readonly string[] {
  const begin = tree.run.startedAt ?? tree.run.createdAt;
  const lines = partLines(tree, '', { paint, now });
  const labelWidth = Math.min(MAX_LABEL, Math.max(0, ...lines.map(({ label }) => cutToWidth(label, MAX_LABEL).length)));
  return lines.map(({ label, at, tookMs, note, style }) => {
    const name = cutToWidth(label, labelWidth).padEnd(labelWidth);
    const when = at === undefined ? '' : `+${shortDuration(at - begin)}`;
    const times = `${when.padStart(9)} ${(tookMs === undefined ? '' : shortDuration(tookMs)).padStart(9)}`;
    const room = width - labelWidth - times.length - 4;
    const rest = room < 8 ? '' : `  ${cutToWidth(plainLine(note), Math.min(room, MAX_NOTE))}`;
    const line = `${cutToWidth(`${name}  ${times}`, width)}${style === undefined ? rest : paint[style](rest)}`;
    return line.trimEnd();
  });
}

function partLines(tree: RunTree, indent: string, options: Pick<TreeOptions, 'paint' | 'now'>): readonly Line[] {
  const isOpen = tree.run.endedAt === undefined;
  return tree.parts.flatMap((part, at) => {
    const isLast = at === tree.parts.length - 1;
    const branch = indent + (isLast ? '└─ ' : '├─ ');
    const under = indent + (isLast ? '   ' : '│  ');
    if (part.kind === 'run') return childLines(part.child, branch, under, options);
    const line = lineOf(part, branch, isOpen ? options.now : undefined);
    if (part.kind !== 'tool') return [line];
    return [
      line,
      ...part.children.flatMap((child, index) => {
        const ends = index === part.children.length - 1;
        return childLines(child, under + (ends ? '└─ ' : '├─ '), under + (ends ? '   ' : '│  '), options);
      }),
    ];
  });
}

function childLines(child: RunTree, branch: string, under: string, options: Pick<TreeOptions, 'paint' | 'now'>): readonly Line[] {
  const { run } = child;
  const end = run.endedAt ?? options.now;
  const cost = run.usage.cost === undefined ? '' : `, cost ${costOf(run.usage)}`;
  const failure = run.error === undefined ? '' : `: ${run.error.message} (${run.error.code})`;
  return [
    {
      label: `${branch}${run.agent}`,
      at: run.startedAt,
      tookMs: run.startedAt === undefined ? undefined : end - run.startedAt,
      note: `${run.id} ${run.status}${failure}, ${tokensOf(run.usage)} tokens${cost}`,
      style: run.status === 'failed' ? 'red' : 'cyan',
    },
    ...partLines(child, under, options),
  ];
}

/** `now` for what is still at work. */
function lineOf(part: Exclude<RunPart, { kind: 'run' }>, branch: string, now: number | undefined): Line {
  if (part.kind === 'remark') return { label: `${branch}!`, at: part.at, tookMs: undefined, note: part.text, style: 'yellow' };
  const end = part.endedAt ?? now;
  const tookMs = part.startedAt === undefined || end === undefined ? undefined : end - part.startedAt;
  if (part.kind === 'tool') {
    const style = part.status === 'failed' ? 'red' : part.status === 'waiting' ? 'yellow' : undefined;
    return { label: `${branch}${plainLine(part.tool)}`, at: part.startedAt, tookMs, note: toolNote(part), style };
  }
  const label = `${branch}${part.number === undefined ? 'step' : `step ${part.number}`}`;
  if (part.discarded !== undefined) return { label, at: part.startedAt, tookMs, note: `withdrawn: ${part.discarded}`, style: 'yellow' };
  if (part.endedAt === undefined && part.finish === undefined)
    return { label, at: part.startedAt, tookMs, note: 'the model is at work', style: 'cyan' };
  const how = part.finish === undefined || part.finish === 'stop' || part.finish === 'tool_calls' ? '' : `${part.finish}: `;
  const said = part.text === undefined || part.text === '' ? (part.finish === 'tool_calls' ? 'asks for tools' : '') : `"${part.text}"`;
  return { label, at: part.startedAt, tookMs, note: [usageNote(part), how + said].filter(Boolean).join(': '), style: 'dim' };
}

/** How many tokens went in and came out, what they cost, and how long nothing came. */
function usageNote({ usage, startedAt, firstTokenAt }: StepPart): string {
  if (usage === undefined) return '';
  const cost = usage.cost === undefined ? '' : `, cost ${costOf(usage)}`;
  const first = startedAt === undefined || firstTokenAt === undefined ? '' : `, first after ${shortDuration(firstTokenAt - startedAt)}`;
  return `${tokenCount(usage.inputTokens)} in, ${tokenCount(usage.outputTokens)} out${cost}${first}`;
}

const tokenCount = (tokens: number): string => tokens.toLocaleString('en-US');

/** Who let it through, what it was given, and what came of it. */
function toolNote({ status, waitsFor, approval, input, output, error }: ToolPart): string {
  const waits = status === 'waiting' && approval === undefined ? `waits for ${waitsFor ?? 'its outcome'}` : undefined;
  const before = [approval === undefined ? waits : decisionNote(approval), short(input)].filter(Boolean).join(': ');
  if (status === 'failed') return `${before} failed: ${error ?? ''}`;
  return status === 'completed' ? `${before} -> ${short(output)}` : before;
}

function decisionNote({ decision, by, reason, tookMs }: NonNullable<ToolPart['approval']>): string {
  if (decision === 'pending') return 'waits for approval';
  const who = by === undefined ? '' : ` by ${by}`;
  const when = tookMs === undefined ? '' : ` after ${shortDuration(tookMs)}`;
  return `${decision}${who}${when}${reason === undefined ? '' : ` (${reason})`}`;
}

function short(value: Json | undefined): string {
  return cutToWidth(value === undefined ? '' : JSON.stringify(value).slice(0, 1_000), 120);
}

/** The lines above the tree. */
export function headLines(tree: RunTree, { paint, width = Number.POSITIVE_INFINITY, now }: TreeOptions): readonly string[] {
  const { run, asked } = tree;
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = run.usage;
  const estimate = estimateText([run.usage]);
  const tokens = [
    `${tokenCount(inputTokens)} in${cachedTokens === undefined ? '' : ` (${tokenCount(cachedTokens)} cached)`}`,
    `${tokenCount(outputTokens)} out${reasoningTokens === undefined ? '' : ` (${tokenCount(reasoningTokens)} reasoning)`}${estimate === undefined ? '' : `, ${estimate}`}`,
  ];
  const agent = run.currentAgent === undefined || run.currentAgent === run.agent ? run.agent : `${run.agent}, now ${run.currentAgent}`;
  const started = run.startedAt === undefined ? undefined : `${new Date(run.startedAt).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const facts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['agent', agent],
    ['thread', run.threadId],
    ['under', run.parentRunId],
    ['asked', asked === undefined ? undefined : plainLine(asked)],
    ['started', started === undefined ? 'not yet' : `${started}, took ${tookOf(run, now)}${run.endedAt === undefined ? ' so far' : ''}`],
    ['attempts', run.attempt > 1 ? String(run.attempt) : undefined],
    ['tokens', tokens.join(', ')],
    ['cost', run.usage.cost === undefined ? undefined : costOf(run.usage)],
    ['error', run.error === undefined ? undefined : paint.red(plainLine(`${run.error.message} (${run.error.code})`))],
    ['output', run.output === undefined ? undefined : plainLine(JSON.stringify(run.output))],
  ];
  return [
    `${paint.bold(plainLine(run.id))} ${paintStatus(run.status, run.status, paint)}${run.outcome === 'partial' ? ', in part' : ''}`,
    ...facts.flatMap(([name, value]) =>
      value === undefined ? [] : [`${paint.dim(name.padEnd(8))} ${name === 'error' ? value : cutToWidth(value, Math.max(8, width - 9))}`],
    ),
  ];
}
