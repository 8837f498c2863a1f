import type { ReactNode } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';

export interface AgentChoiceProps {
  readonly agents: readonly AgentInfo[];
  readonly agent: string;
  onChoose(agent: string): void;
}

/** Who is asked next. */
export function AgentChoice({ agents, agent, onChoose }: AgentChoiceProps): ReactNode {
  return (
    <select
      className="agent-choice"
      aria-label={strings.chat.agent}
      title={agents.find(({ name }) => name === agent)?.description}
      value={agent}
      onChange={({ target }) => onChoose(target.value)}
    >
      {agents.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
