import { memo, type ReactNode } from 'react';
import type { AssistantMessage } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { CopyButton } from '../../ui/copyButton.tsx';
import { IconButton } from '../../ui/iconButton.tsx';
import { Refusal } from '../../ui/refusal.tsx';
import { useAttempt } from '../../ui/useAttempt.ts';
import { useChat } from './chatContext.ts';
import { Markdown } from './markdown/markdown.tsx';
import { StructuredAnswer } from './structuredAnswer.tsx';
import { ToolCard } from './toolCard.tsx';

export interface AssistantLineProps {
  readonly message: AssistantMessage;
  /** The first of what its agent says here: it says who. */
  readonly isFirst: boolean;
  /** Of one that was copied, and is followed by others: up to where a fork has it as its last. */
  readonly forkSeq?: number | undefined;
}

/** What an agent said in one step, and the tools that it called. */
export const AssistantLine = memo(function AssistantLine({ message, isFirst, forkSeq }: AssistantLineProps): ReactNode {
  const { runId, agent, text, reasoning, status, finish, toolCalls } = message;
  const isGrowing = status === 'streaming';
  const cut = finish === 'length' || finish === 'filtered' || finish === 'incomplete' ? strings.chat.cut[finish] : undefined;
  return (
    <article className="chat-line chat-assistant" aria-label={agent ?? strings.chat.assistant} aria-busy={isGrowing}>
      {isFirst && <p className="chat-agent">{agent ?? strings.chat.assistant}</p>}
      {reasoning !== undefined && reasoning !== '' && (
        <details className="chat-reasoning">
          <summary>{strings.chat.reasoning}</summary>
          <Markdown text={reasoning} isGrowing={isGrowing} />
        </details>
      )}
      {text !== '' && (
        <div className="chat-answer">
          <AnswerText message={message} />
          {/* One that was imported has no run below it that it could be copied by. */}
          {runId === undefined && <CopyButton text={() => text} />}
          {forkSeq !== undefined && <ForkButton seq={forkSeq} />}
        </div>
      )}
      {toolCalls.map((call) => (
        <ToolCard key={call.callId} call={call} agent={agent} />
      ))}
      {cut !== undefined && <p className="chat-quiet">{cut}</p>}
    </article>
  );
});

function ForkButton({ seq }: { readonly seq: number }): ReactNode {
  const { forkAt, isReadOnly } = useChat();
  const { run: attempt, error } = useAttempt();
  if (isReadOnly) return null;
  return (
    <>
      <IconButton icon="fork" label={strings.chat.fork} onClick={() => attempt(() => forkAt(seq))} />
      <Refusal error={error} />
    </>
  );
}

function AnswerText({ message: { agent, text, status } }: { readonly message: AssistantMessage }): ReactNode {
  const { agents } = useChat();
  const isGrowing = status === 'streaming';
  if (hasOutput(agents.find(({ name }) => name === agent)) && /^\s*(?:```\w*\s*)?[[{]/.test(text)) {
    return <StructuredAnswer text={text} isGrowing={isGrowing} />;
  }
  return <Markdown text={text} isGrowing={isGrowing} />;
}

/** Its answers are by a schema. */
function hasOutput(agent: object | undefined): boolean {
  return agent !== undefined && 'output' in agent && agent.output !== undefined;
}
