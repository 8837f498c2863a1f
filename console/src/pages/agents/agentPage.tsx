import { type ReactNode, useMemo, useState } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { Link, useParams } from 'wouter';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { EmptyState } from '../../ui/emptyState.tsx';
import { ErrorState } from '../../ui/errorState.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Loading } from '../../ui/loading.tsx';
import { useAgents } from '../../ui/useAgents.ts';
import { agentEdges, type EdgeKind, goesOnTo } from './agentEdges.ts';
import { agentFacts, limitFacts } from './agentFacts.tsx';
import { AgentGraph } from './agentGraph.tsx';
import { AgentLinks, agentAt } from './agentLinks.tsx';
import { EnableDialog } from './enableDialog.tsx';
import { SchemaTree } from './schemaTree.tsx';
import { ToolList } from './toolList.tsx';
import { useAgentStates } from './useAgentStates.ts';
import './agents.css';

const text = strings.agents;
const KINDS = ['handoff', 'asks', 'route'] as const satisfies readonly EdgeKind[];

/** All that is known of one agent from its definition. */
export function AgentPage(): ReactNode {
  const { name = '' } = useParams<{ name?: string }>();
  const { agents, error, reload } = useAgents();
  if (agents === undefined) return error === undefined ? <Loading /> : <ErrorState error={error} onRetry={reload} />;
  const agent = agentAt(name, agents);
  if (agent === undefined) {
    return (
      <EmptyState title={text.unknown}>
        <Link href="/agents">{text.all}</Link>
      </EmptyState>
    );
  }
  return <AgentDetails key={name} agent={agent} agents={agents} />;
}

function AgentDetails({ agent, agents }: { readonly agent: AgentInfo; readonly agents: readonly AgentInfo[] }): ReactNode {
  const { name, description, kind = 'model', tools, toolsVary, context, output, guards = [], instructions } = agent;
  const { states, setEnabled } = useAgentStates();
  const [change, setChange] = useState<{ readonly agent: string; readonly isEnabled: boolean }>();
  const known = new Set(agents.map((one) => one.name));
  const edges = useMemo(() => agentEdges(agents).filter(({ from, to }) => from === name || to === name), [agents, name]);
  const state = states?.get(name);
  const isDisabled = state?.disabled !== undefined;
  return (
    <div className="page agent">
      <header className="agent-head">
        <div className="agent-title">
          <h1>{name}</h1>
          <Badge>{text.kinds[kind]}</Badge>
          {state?.disabled !== undefined && <Badge tone="bad">{text.disabledBy(state.disabled.by)}</Badge>}
        </div>
        <div className="agent-acts">
          {state !== undefined && (
            <button
              type="button"
              className={isDisabled ? 'button' : 'button danger'}
              onClick={() => setChange({ agent: name, isEnabled: isDisabled })}
            >
              {isDisabled ? text.enable : text.disable}
            </button>
          )}
          <Link className="button primary agent-try" href={`/?agent=${encodeURIComponent(name)}`}>
            {text.tryIt}
          </Link>
        </div>
        <p className="agent-description">{description}</p>
      </header>
      <Facts className="agent-facts" facts={agentFacts(agent)} />
      {kind === 'custom' && <p className="agent-note">{text.custom}</p>}
      <Section title={text.limits} facts={limitFacts(agent)} />
      {edges.length > 0 && (
        <>
          <AgentGraph title={text.linkedOwn} agents={agents} edges={edges} current={name} />
          <Facts
            className="agent-facts"
            facts={KINDS.flatMap((one) => [
              [text.links[one], linksOf(goesOnTo(agent, one), known)] as const,
              [text.linkedBy[one], linksOf(sourcesOf(agents, { kind: one, to: name }), known)] as const,
            ])}
          />
        </>
      )}
      {kind === 'model' && (
        <section className="agent-section">
          <h2>{text.tools(tools.length)}</h2>
          {toolsVary === true && <p className="agent-note">{text.toolsVary}</p>}
          {tools.length > 0 ? <ToolList tools={tools} known={known} /> : toolsVary !== true && <p className="agent-note">{text.noTools}</p>}
        </section>
      )}
      <div className="agent-pair">
        {context !== undefined && (
          <section className="agent-section">
            <h2>{text.context}</h2>
            <div className="agent-frame">
              <SchemaTree title={text.input} schema={context} />
            </div>
          </section>
        )}
        {output !== undefined && (
          <section className="agent-section">
            <h2>{text.answer}</h2>
            <div className="agent-frame">
              <SchemaTree title={text.output} schema={output} />
            </div>
          </section>
        )}
      </div>
      <Section title={text.guards} facts={guards.map((guard) => [guard.name, text.guardModes[guard.mode]] as const)} />
      {instructions !== undefined && (
        <section className="agent-section">
          <h2>{text.instructions}</h2>
          <p className="agent-instructions">{instructions}</p>
        </section>
      )}
      <EnableDialog change={change} onConfirm={setEnabled} onClose={() => setChange(undefined)} />
    </div>
  );
}

function Section({ title, facts }: { readonly title: string; readonly facts: Parameters<typeof Facts>[0]['facts'] }): ReactNode {
  if (facts.every(([, value]) => value === undefined)) return null;
  return (
    <section className="agent-section">
      <h2>{title}</h2>
      <Facts className="agent-facts" facts={facts} />
    </section>
  );
}

function linksOf(names: readonly string[], known: ReadonlySet<string>): ReactNode {
  return names.length > 0 && <AgentLinks names={names} known={known} />;
}

function sourcesOf(agents: readonly AgentInfo[], { kind, to }: { readonly kind: EdgeKind; readonly to: string }): readonly string[] {
  return agents.filter((agent) => goesOnTo(agent, kind).includes(to)).map(({ name }) => name);
}
