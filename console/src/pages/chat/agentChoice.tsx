import type { ReactNode } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { SeveralAgents } from './severalAgents.tsx';
import './agentChoice.css';

export interface AgentChoiceProps {
  readonly agents: readonly AgentInfo[];
  /** By their names; mostly one. */
  readonly chosen: readonly string[];
  onChoose(names: readonly string[]): void;
}

/** Who is asked next: one, or several at once. */
export function AgentChoice({ agents, chosen, onChoose }: AgentChoiceProps): ReactNode {
  const [name = ''] = chosen;
  return (
    <div className="agent-choice">
      {chosen.length < 2 && (
        <select
          className="agent-choice-one"
          aria-label={strings.chat.agent}
          title={agents.find((one) => one.name === name)?.description}
          value={name}
          onChange={({ target }) => onChoose([target.value])}
        >
          {agents.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
      )}
      {agents.length > 1 && <SeveralAgents agents={agents} chosen={chosen} onChoose={onChoose} />}
    </div>
  );
}
