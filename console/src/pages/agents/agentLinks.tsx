import type { ReactNode } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { Link } from 'wouter';

export interface AgentLinksProps {
  readonly names: readonly string[];
  /** Those that have a page. Others are known to a tool alone. */
  readonly known: ReadonlySet<string>;
}

/** Agents by name; nothing where there are none. */
export function AgentLinks({ names, known }: AgentLinksProps): ReactNode {
  if (names.length === 0) return null;
  return (
    <span className="agent-links">
      {names.map((name) =>
        known.has(name) ? (
          <Link key={name} href={pathOf(name)}>
            {name}
          </Link>
        ) : (
          <span key={name}>{name}</span>
        ),
      )}
    </span>
  );
}

export function pathOf(agent: string): string {
  return `/agents/${encodeURIComponent(agent)}`;
}

/** The agent of a path, as the router gives it: without what the path as a whole can be decoded of. */
export function agentAt(name: string, agents: readonly AgentInfo[]): AgentInfo | undefined {
  return agents.find((agent) => decodeURI(encodeURIComponent(agent.name)) === name);
}
