import { memo, type ReactNode, useState } from 'react';
import type { UserMessage } from 'verbatim-agents/client';
import type { Shown } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { CopyButton } from '../../ui/copyButton.tsx';
import { errorText } from '../../ui/errorText.ts';
import { IconButton } from '../../ui/iconButton.tsx';
import { Refusal } from '../../ui/refusal.tsx';
import { useChat } from './chatContext.ts';
import { FileChip } from './fileChip.tsx';

/** What a person wrote, and what became of it. */
export const UserLine = memo(function UserLine({ message }: { readonly message: UserMessage & Shown }): ReactNode {
  const { id, text, attachments = [], pending, status, runId } = message;
  const chat = useChat();
  const [isEditing, setEditing] = useState(false);
  const isStored = pending === undefined;
  if (isEditing) return <EditMessage messageId={id} text={text} onDone={() => setEditing(false)} />;
  return (
    <article className="chat-line chat-user" aria-label={strings.chat.you} data-status={pending ?? status}>
      <div className="chat-bubble">
        <p className="chat-user-text">{text}</p>
        {attachments.length > 0 && (
          <ul className="chat-files" aria-label={strings.chat.attachments}>
            {attachments.map((file) => (
              <li key={file.id}>
                <FileChip file={file} />
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="chat-user-foot">
        <UserStatus message={message} />
        {pending === 'failed' && (
          <>
            <button type="button" className="button quiet" onClick={() => void chat.resend(message.key)}>
              {strings.chat.sendAgain}
            </button>
            <button type="button" className="button quiet" onClick={() => chat.dismiss(message.key)}>
              {strings.chat.dismiss}
            </button>
          </>
        )}
        {isStored && !chat.isReadOnly && status === 'queued' && runId !== undefined && (
          <button type="button" className="button quiet" onClick={() => void chat.cancel(runId)}>
            {strings.chat.takeBack}
          </button>
        )}
        {isStored && <CopyButton text={() => text} />}
        {isStored && !chat.isReadOnly && status === 'complete' && (
          <IconButton icon="edit" label={strings.chat.edit} onClick={() => setEditing(true)} />
        )}
      </div>
    </article>
  );
});

function UserStatus({ message: { pending, error, status } }: { readonly message: UserMessage & Shown }): ReactNode {
  if (pending === 'failed') {
    return (
      <span className="error" role="alert">
        {strings.chat.notSent} {errorText(error)}
      </span>
    );
  }
  if (pending === 'sending') return <span className="chat-quiet">{strings.chat.sending}</span>;
  if (status === 'queued') return <span className="chat-quiet">{strings.chat.queued}</span>;
  if (status === 'dropped') return <span className="chat-quiet">{strings.chat.dropped}</span>;
  return null;
}

interface EditMessageProps {
  readonly messageId: string;
  readonly text: string;
  onDone(): void;
}

function EditMessage({ messageId, text, onDone }: EditMessageProps): ReactNode {
  const chat = useChat();
  const [next, setNext] = useState(text);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = (): void => {
    setBusy(true);
    setError(undefined);
    chat.edit({ messageId, text: next }).catch((cause: unknown) => {
      setError(cause);
      setBusy(false);
    });
  };
  return (
    <form
      className="chat-line chat-edit"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone();
      }}
    >
      <textarea
        aria-label={strings.chat.editMessage}
        // biome-ignore lint/a11y/noAutofocus: whoever asks to edit goes on here.
        autoFocus
        value={next}
        rows={3}
        onChange={({ target }) => setNext(target.value)}
      />
      <Refusal error={error} />
      <div className="chat-edit-foot">
        <button type="button" className="button quiet" onClick={onDone}>
          {strings.chat.cancel}
        </button>
        <button type="submit" className="button primary" disabled={isBusy || next.trim() === ''}>
          {strings.chat.saveEdit}
        </button>
      </div>
    </form>
  );
}
