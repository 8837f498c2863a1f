import { type ReactNode, useMemo, useState } from 'react';
import type { AgentInfo, AgentState } from 'verbatim-agents/client';
import { Link, useLocation } from 'wouter';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { type Column, DataTable } from '../../ui/dataTable.tsx';
import { RowMenu } from '../../ui/rowMenu.tsx';
import { useAgents } from '../../ui/useAgents.ts';
import { agentEdges, type EdgeKind, goesOnTo } from './agentEdges.ts';
import { AgentGraph } from './agentGraph.tsx';
import { AgentLinks, pathOf } from './agentLinks.tsx';
import { EnableDialog } from './enableDialog.tsx';
import { useAgentStates } from './useAgentStates.ts';
import './agents.css';

const text = strings.agents;

/** One that is not defined any more has a name alone. */
interface Row {
  readonly name: string;
  readonly agent?: AgentInfo | undefined;
  readonly state?: AgentState | undefined;
}

/** What there is to talk to, and how agents go on to one another. */
export function AgentsPage(): ReactNode {
  const { agents, error, reload } = useAgents();
  const { states, setEnabled } = useAgentStates();
  const [, go] = useLocation();
  const [change, setChange] = useState<{ readonly agent: string; readonly isEnabled: boolean }>();
  const edges = useMemo(() => agentEdges(agents ?? []), [agents]);
  const known = new Set(agents?.map(({ name }) => name));
  const rows: readonly Row[] | undefined = agents && [
    ...agents.map((agent) => ({ name: agent.name, agent, state: states?.get(agent.name) })),
    ...[...(states?.values() ?? [])].filter(({ name }) => !known.has(name)).map((state) => ({ name: state.name, state })),
  ];
  const linksColumn = (kind: EdgeKind): Column<Row> => ({
    title: text.links[kind],
    isOptional: true,
    cell: ({ agent }) => {
      const names = agent === undefined ? [] : goesOnTo(agent, kind);
      return names.length === 0 ? null : <AgentLinks names={names} known={known} />;
    },
  });
  const columns: readonly Column<Row>[] = [
    {
      title: text.name,
      isName: true,
      cell: ({ name, agent }) => (agent === undefined ? name : <Link href={pathOf(name)}>{name}</Link>),
    },
    { title: text.description, cell: ({ agent }) => agent?.description },
    { title: text.models, cell: ({ agent }) => agent && <ModelNames agent={agent} /> },
    {
      title: text.toolCount,
      cell: ({ agent }) => agent && (agent.kind === 'model' || agent.kind === undefined ? agent.tools.length : null),
    },
    linksColumn('handoff'),
    linksColumn('asks'),
    linksColumn('route'),
    ...(states === undefined ? [] : [statusColumn]),
    {
      title: strings.ui.actions,
      isAction: true,
      cell: ({ name, agent, state }) => (
        <RowMenu
          label={text.actionsOf(name)}
          items={[
            ...(agent === undefined ? [] : [{ title: text.tryIt, onChoose: () => go(`/?agent=${encodeURIComponent(name)}`) }]),
            ...(state === undefined
              ? []
              : state.disabled === undefined
                ? [{ title: text.disable, isDanger: true, onChoose: () => setChange({ agent: name, isEnabled: false }) }]
                : [{ title: text.enable, onChoose: () => setChange({ agent: name, isEnabled: true }) }]),
          ]}
        />
      ),
    },
  ];
  return (
    <div className="page">
      <h1>{strings.pages.agents}</h1>
      <DataTable
        caption={strings.pages.agents}
        columns={columns}
        rows={rows}
        keyOf={({ name }) => name}
        error={error}
        onRetry={reload}
        empty={<p>{text.none}</p>}
      />
      {agents !== undefined && edges.length > 0 && <AgentGraph title={text.linked} agents={agents} edges={edges} />}
      <EnableDialog change={change} onConfirm={setEnabled} onClose={() => setChange(undefined)} />
    </div>
  );
}

const statusColumn: Column<Row> = {
  title: text.status,
  cell: ({ agent, state }) => (
    <>
      <Badge tone={state?.disabled === undefined ? 'good' : 'bad'}>{state?.disabled === undefined ? text.enabled : text.disabled}</Badge>
      {agent === undefined && <Badge tone="warn">{text.undefined}</Badge>}
    </>
  ),
};

/** The first is the one that is asked. */
function ModelNames({ agent: { kind, models = [] } }: { readonly agent: AgentInfo }): ReactNode {
  if (kind === 'custom' || kind === 'router') return text.kinds[kind];
  const [first, ...others] = models;
  if (first === undefined) return text.modelVaries;
  return (
    <>
      <code>{first}</code>
      {others.length > 0 && <span className="agents-more"> +{others.length}</span>}
    </>
  );
}
