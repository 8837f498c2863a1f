import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { formatBytes } from '../../ui/formats.ts';
import { Icon } from '../../ui/icon.tsx';
import type { Attachments } from './useAttachments.ts';

/** What goes with the next message, and how far it is. */
export function AttachmentList({ files }: { readonly files: Attachments }): ReactNode {
  if (files.list.length === 0) return null;
  return (
    <ul className="chat-files" aria-label={strings.chat.attachments}>
      {files.list.map(({ key, name, size, progress, file, error }) => (
        <li key={key} className="chat-file" data-failed={error !== undefined || undefined}>
          <Icon name="file" />
          <span className="chat-file-name">{name}</span>
          {error === undefined ? <span className="chat-quiet">{formatBytes(size)}</span> : <span role="alert">{error}</span>}
          {file === undefined && error === undefined && <progress max={1} value={progress} aria-label={strings.chat.uploading(name)} />}
          <button type="button" className="icon-button" aria-label={strings.chat.remove(name)} onClick={() => files.remove(key)}>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
