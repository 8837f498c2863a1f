import { type ReactNode, useState } from 'react';
import { strings } from '../../strings.ts';
import { errorText } from '../../ui/errorText.ts';
import { Icon } from '../../ui/icon.tsx';
import '../../ui/iconButton.css';
import { useChat } from './chatContext.ts';
import './runLine.css';

/** What can be done at the end of a fork that nobody has written in yet. It has no runs: these stay with the thread that it was made of. */
export function CopiedLine(): ReactNode {
  const { retry, forkAfter, isReadOnly } = useChat();
  const [error, setError] = useState<string>();
  if (isReadOnly) return null;
  const attempt = (action: () => Promise<unknown>): void => {
    setError(undefined);
    action().catch((cause: unknown) => setError(errorText(cause)));
  };
  return (
    <div className="run-line">
      <div className="run-line-foot">
        <span className="run-line-actions">
          <button
            type="button"
            className="icon-button"
            aria-label={strings.chat.retry}
            title={strings.chat.retry}
            onClick={() => attempt(retry)}
          >
            <Icon name="retry" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={strings.chat.fork}
            title={strings.chat.fork}
            onClick={() => attempt(() => forkAfter(undefined))}
          >
            <Icon name="fork" />
          </button>
        </span>
      </div>
      {error !== undefined && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
