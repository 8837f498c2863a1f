import type { ReactNode } from 'react';
import type { ThreadInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { FormDialog } from '../../ui/formDialog.tsx';

const text = strings.threads;

export interface RenameDialogProps {
  /** Closed without one. */
  readonly thread: ThreadInfo | undefined;
  onClose(): void;
  onRename(threadId: string, title: string | null): Promise<unknown>;
}

export function RenameDialog({ thread, onClose, onRename }: RenameDialogProps): ReactNode {
  return (
    <FormDialog
      title={text.renameTitle}
      isOpen={thread !== undefined}
      submit={strings.ui.save}
      onClose={onClose}
      onSubmit={async (field) => {
        if (thread === undefined) return;
        const title = field('title');
        await onRename(thread.id, title === '' ? null : title);
        onClose();
      }}
    >
      <label className="field">
        {text.name}
        <input name="title" defaultValue={thread?.title ?? ''} autoComplete="off" onFocus={({ target }) => target.select()} />
      </label>
    </FormDialog>
  );
}
