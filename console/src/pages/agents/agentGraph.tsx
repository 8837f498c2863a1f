import { type MouseEvent, type ReactNode, useMemo } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { useLocation } from 'wouter';
import { strings } from '../../strings.ts';
import type { AgentEdge, EdgeKind } from './agentEdges.ts';
import { pathOf } from './agentLinks.tsx';
import { layoutGraph, NODE, type Point } from './graphLayout.ts';
import './agentGraph.css';

const KINDS = ['handoff', 'asks', 'route'] as const satisfies readonly EdgeKind[];
/** What a node has room for. */
const NAME_LENGTH = 19;
const NOTE_LENGTH = 24;
const HEAD = 7;

export interface AgentGraphProps {
  readonly title: string;
  readonly agents: readonly AgentInfo[];
  readonly edges: readonly AgentEdge[];
  /** The one that the page is about. */
  readonly current?: string;
}

/** A picture of what the page tells in words, too: keyboards and screen readers have those. */
export function AgentGraph({ title, agents, edges, current }: AgentGraphProps): ReactNode {
  const [, go] = useLocation();
  const byName = useMemo(() => new Map(agents.map((agent) => [agent.name, agent])), [agents]);
  const graph = useMemo(() => layoutGraph([...new Set(edges.flatMap(({ from, to }) => [from, to]))], edges), [edges]);
  const open = (event: MouseEvent, name: string): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(pathOf(name));
  };
  return (
    <figure className="agent-graph">
      <figcaption>
        <span>{title}</span>
        {KINDS.filter((kind) => edges.some((edge) => edge.kind === kind)).map((kind) => (
          <span key={kind} className="agent-graph-key">
            <svg width="28" height="8" aria-hidden="true" focusable="false">
              <path className="agent-graph-line" data-kind={kind} d="M0 4H28" />
            </svg>
            {strings.agents.links[kind]}
          </span>
        ))}
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the window is scrolled by the keyboard, too. */}
      <section className="agent-graph-frame" aria-label={title} tabIndex={0}>
        <svg width={graph.width} height={graph.height} viewBox={`0 0 ${graph.width} ${graph.height}`} aria-hidden="true" focusable="false">
          {graph.lines.map(({ edge, points }) => (
            <g key={`${edge.from} ${edge.to} ${edge.kind}`} className="agent-graph-edge" data-kind={edge.kind}>
              <path className="agent-graph-line" data-kind={edge.kind} d={curve(points)} />
              <path className="agent-graph-head" data-kind={edge.kind} d={headOf(points)} />
            </g>
          ))}
          {graph.nodes.map(({ name, ...at }) => {
            const agent = byName.get(name);
            const box = <NodeBox name={name} agent={agent} at={at} />;
            if (agent === undefined) {
              return (
                <g key={name} className="agent-graph-node">
                  {box}
                </g>
              );
            }
            return (
              <a
                key={name}
                href={pathOf(name)}
                tabIndex={-1}
                className="agent-graph-node"
                data-current={name === current}
                onClick={(event) => open(event, name)}
              >
                {box}
              </a>
            );
          })}
        </svg>
      </section>
    </figure>
  );
}

function NodeBox({ name, agent, at }: { readonly name: string; readonly agent: AgentInfo | undefined; readonly at: Point }): ReactNode {
  return (
    <g transform={`translate(${at.x} ${at.y})`}>
      <title>{name}</title>
      <rect width={NODE.width} height={NODE.height} rx="8" />
      <text className="agent-graph-name" x="12" y={agent === undefined ? 27 : 19}>
        {cut(name, NAME_LENGTH)}
      </text>
      {agent !== undefined && (
        <text className="agent-graph-note" x="12" y="34">
          {cut(noteOf(agent), NOTE_LENGTH)}
        </text>
      )}
    </g>
  );
}

function noteOf({ kind, models = [] }: AgentInfo): string {
  return kind === 'model' || kind === undefined ? (models[0] ?? strings.agents.kinds.model) : strings.agents.kinds[kind];
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function curve([first, ...rest]: readonly Point[]): string {
  if (first === undefined) return '';
  let before = first;
  let path = `M${first.x} ${first.y}`;
  for (const point of rest) {
    const middle = (before.x + point.x) / 2;
    path += before.y === point.y ? `H${point.x}` : `C${middle} ${before.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    before = point;
  }
  return path;
}

/** At the end of a line, which comes from the left or from the right. */
function headOf(points: readonly Point[]): string {
  const [from, to] = points.slice(-2);
  if (from === undefined || to === undefined) return '';
  const back = from.x < to.x ? -HEAD : HEAD;
  return `M${to.x} ${to.y}l${back} ${-HEAD / 2}v${HEAD}z`;
}
