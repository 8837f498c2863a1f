import type { ReactNode } from 'react';
import type { ToolInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Icon } from '../../ui/icon.tsx';
import { AgentLinks } from './agentLinks.tsx';
import { formatLimit } from './formatLimit.ts';
import { SchemaTree } from './schemaTree.tsx';

const text = strings.agents;

export interface ToolListProps {
  readonly tools: readonly ToolInfo[];
  readonly known: ReadonlySet<string>;
}

/** Each in a line, with its schemas and how it is carried out below. */
export function ToolList({ tools, known }: ToolListProps): ReactNode {
  return (
    <ul className="tools">
      {tools.map((tool) => (
        <li key={tool.name}>
          <details className="tool">
            <summary>
              <Icon name="fold" />
              <code className="tool-name">{tool.name}</code>
              <span className="tool-brief">{tool.description}</span>
              <span className="tool-flags">
                {flagsOf(tool).map(({ title, isCare }) => (
                  <Badge key={title} tone={isCare ? 'warn' : 'plain'}>
                    {title}
                  </Badge>
                ))}
              </span>
            </summary>
            <div className="tool-body">
              <p className="tool-description">{tool.description}</p>
              <Facts className="agent-facts" facts={factsOf(tool, known)} />
              <SchemaTree title={text.input} schema={tool.input} />
              {tool.output !== undefined && <SchemaTree title={text.output} schema={tool.output} />}
            </div>
          </details>
        </li>
      ))}
    </ul>
  );
}

function flagsOf({
  kind,
  needsApproval,
  worker,
  idempotent,
  cache,
}: ToolInfo): readonly { readonly title: string; readonly isCare: boolean }[] {
  return [
    ...(needsApproval === true ? [{ title: text.flags.approval, isCare: true }] : []),
    ...(kind === 'client' || kind === 'agents' ? [{ title: text.flags[kind], isCare: false }] : []),
    ...(worker === true ? [{ title: text.flags.worker, isCare: false }] : []),
    ...(cache !== undefined ? [{ title: text.flags.cache, isCare: false }] : []),
    ...(idempotent === true && cache === undefined ? [{ title: text.flags.idempotent, isCare: false }] : []),
  ];
}

function factsOf(tool: ToolInfo, known: ReadonlySet<string>): readonly (readonly [string, ReactNode])[] {
  const { timeoutMs, expiresInMs, maxAttempts, maxConcurrent, cache, scopes, asks } = tool;
  const { toolFacts } = text;
  return [
    [toolFacts.timeout, timeoutMs !== undefined && formatLimit(timeoutMs)],
    [toolFacts.expires, expiresInMs !== undefined && formatLimit(expiresInMs)],
    [toolFacts.attempts, maxAttempts !== undefined && toolFacts.times(maxAttempts)],
    [toolFacts.cache, cache !== undefined && toolFacts.cacheFor(formatLimit(cache.ttlMs), toolFacts.cacheScopes[cache.scope])],
    [toolFacts.concurrent, maxConcurrent],
    [text.scopes, scopes?.join(', ')],
    [toolFacts.asks, asks !== undefined && <AgentLinks names={asks} known={known} />],
  ];
}
