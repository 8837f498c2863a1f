import { type ReactNode, useEffect, useState } from 'react';
import type { Message, SentStep } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { JsonTree } from '../../ui/jsonTree.tsx';

const text = strings.run.sent;

type Sent = { readonly at: 'asking' } | { readonly at: 'here'; readonly sent: SentStep } | { readonly at: 'refused' | 'gone' | 'failed' };

export interface SentToModelProps {
  readonly runId: string;
  readonly step: number;
}

/** What the model was asked at a step, for those who may inspect: instructions are the operator's. */
export function SentToModel({ runId, step }: SentToModelProps): ReactNode {
  const client = useClient();
  const [state, setState] = useState<Sent>({ at: 'asking' });
  useEffect(() => {
    const asking = new AbortController();
    setState({ at: 'asking' });
    client.trpc.runs.sent.query({ runId, step }, { signal: asking.signal }).then(
      (sent) => setState({ at: 'here', sent }),
      (error: unknown) => {
        if (asking.signal.aborted) return;
        const reason = reasonOf(error);
        setState({ at: reason === 'NOT_ALLOWED' ? 'refused' : reason === 'NOT_FOUND' ? 'gone' : 'failed' });
      },
    );
    return () => asking.abort();
  }, [client, runId, step]);
  if (state.at === 'asking') return <p role="status">{strings.state.loading}</p>;
  if (state.at !== 'here') return <p className="run-hint">{state.at === 'failed' ? strings.state.failed : text[state.at]}</p>;
  const { instructions, tools, messages, earlier, shortened, note, options } = state.sent;
  return (
    <div className="run-sent">
      {Object.keys(options).length > 0 && <JsonTree value={options} />}
      <details open>
        <summary>{text.instructions}</summary>
        <pre className="run-text">{instructions === '' ? text.none : instructions}</pre>
      </details>
      <details>
        <summary>{text.tools(tools.length)}</summary>
        {tools.map(({ name, description, inputSchema }) => (
          <details key={name} className="run-sent-tool">
            <summary>
              <code>{name}</code> {description}
            </summary>
            <JsonTree value={inputSchema} />
          </details>
        ))}
      </details>
      <details open>
        <summary>{text.messages(messages.length)}</summary>
        {(earlier === true || shortened === true) && <p className="run-hint">{earlier === true ? text.earlier : text.shortened}</p>}
        <ol className="run-sent-messages">
          {messages.map((message) => (
            <SentMessage key={message.id} message={message} />
          ))}
        </ol>
        {note !== undefined && <pre className="run-text">{note}</pre>}
      </details>
    </div>
  );
}

function SentMessage({ message }: { readonly message: Message }): ReactNode {
  return (
    <li>
      <span className="run-sent-role">{message.role}</span>
      {message.text !== '' && <pre className="run-text">{message.text}</pre>}
      {message.role === 'assistant' &&
        message.toolCalls.map(({ callId, tool, input, rejected, output, error }) => (
          <details key={callId}>
            <summary>
              <code>{tool}</code>
            </summary>
            <JsonTree
              value={{ input: input ?? rejected, ...(output !== undefined && { output }), ...(error !== undefined && { error }) }}
            />
          </details>
        ))}
    </li>
  );
}

/** The plain client of tRPC rejects with an error of its own, that has ours in it. */
function reasonOf(error: unknown): unknown {
  return (error as { readonly data?: { readonly reason?: unknown } } | undefined)?.data?.reason;
}
