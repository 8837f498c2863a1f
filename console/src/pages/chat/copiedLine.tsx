import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { IconButton } from '../../ui/iconButton.tsx';
import { Refusal } from '../../ui/refusal.tsx';
import { useAttempt } from '../../ui/useAttempt.ts';
import { useChat } from './chatContext.ts';
import './runLine.css';

/** What can be done at the end of a fork that nobody has written in yet. It has no runs: these stay with the thread that it was made of. */
export function CopiedLine(): ReactNode {
  const { retry, forkAfter, isReadOnly } = useChat();
  const { run: attempt, error } = useAttempt();
  if (isReadOnly) return null;
  return (
    <div className="run-line">
      <div className="run-line-foot">
        <span className="run-line-actions">
          <IconButton icon="retry" label={strings.chat.retry} onClick={() => attempt(retry)} />
          <IconButton icon="fork" label={strings.chat.fork} onClick={() => attempt(() => forkAfter(undefined))} />
        </span>
      </div>
      <Refusal error={error} />
    </div>
  );
}
