import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { useConnection, useThread } from 'verbatim-agents/react';

/** The thread is part of the address: a reload, and another tab, show the same conversation. */
const threadInAddress = (): string | undefined => new URLSearchParams(location.search).get('thread') ?? undefined;

export function Chat() {
  const { messages, status, runs, send, stop, retry, resend, dismiss, error } = useThread({
    threadId: threadInAddress(),
    agent: 'support',
    onThread: (threadId) => history.replaceState(null, '', `?thread=${threadId}`),
  });
  const connection = useConnection();
  const [text, setText] = useState('');
  const lastRun = Object.values(runs).findLast((run) => run.parentRunId === undefined);
  const isBusy = status === 'sending' || status === 'queued' || status === 'running' || status === 'waiting';

  function submit(event?: FormEvent): void {
    event?.preventDefault();
    if (text.trim() === '') return;
    setText('');
    // What is refused stays in the conversation, with its error.
    send(text).catch(() => {});
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      submit();
    }
  }

  return (
    <main className="chat">
      <header>
        <h1>Support</h1>
        {connection.status === 'offline' && <span role="status">Reconnecting. Nothing is lost.</span>}
        <a href="/">New conversation</a>
      </header>

      <section className="messages" aria-label="Conversation">
        <div>
          {messages.length === 0 && <p className="hint">Ask about order 42, or say “count to 100” and pull the plug.</p>}
          {messages.map((message) => (
            <article key={message.key} className={message.role}>
              {message.role === 'assistant' &&
                message.toolCalls.map((call) => (
                  <p key={call.callId} className="tool">
                    {call.tool} {JSON.stringify(call.input)} {call.status === 'completed' && `→ ${JSON.stringify(call.output)}`}
                    {call.status === 'failed' && `failed: ${call.error?.message}`}
                  </p>
                ))}
              <p>{message.text}</p>
              {message.role === 'user' && message.pending === 'failed' && (
                <p role="alert">
                  Not sent: {message.error?.message}{' '}
                  <button type="button" onClick={() => void resend(message.key).catch(() => {})}>
                    Send again
                  </button>{' '}
                  <button type="button" onClick={() => dismiss(message.key)}>
                    Remove
                  </button>
                </p>
              )}
            </article>
          ))}
          {lastRun?.status === 'failed' && !isBusy && (
            <p role="alert">
              The answer failed: {lastRun.error?.message}{' '}
              <button type="button" onClick={() => void retry().catch(() => {})}>
                Try again
              </button>
            </p>
          )}
        </div>
      </section>

      {error !== undefined && <p role="alert">{error.message}</p>}
      <form onSubmit={submit}>
        <textarea
          aria-label="Message"
          placeholder="Write a message"
          rows={2}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {isBusy ? (
          <button type="button" onClick={() => void stop().catch(() => {})}>
            Stop
          </button>
        ) : (
          <button type="submit" disabled={text.trim() === ''}>
            Send
          </button>
        )}
      </form>
    </main>
  );
}
