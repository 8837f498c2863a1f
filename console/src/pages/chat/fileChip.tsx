import { type ReactNode, useState } from 'react';
import type { FileRef } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { errorText } from '../../ui/errorText.ts';
import { formatBytes } from '../../ui/formats.ts';
import { Icon } from '../../ui/icon.tsx';

/** How long a browser may take to begin with a download. */
const KEPT_MS = 60_000;

/** A file of the server, which is downloaded by a click. */
export function FileChip({ file }: { readonly file: FileRef }): ReactNode {
  const client = useClient();
  const [error, setError] = useState<string>();
  const name = file.name ?? strings.chat.file;
  const size = formatBytes(file.size);
  const download = async (): Promise<void> => {
    setError(undefined);
    try {
      const answer = await client.files.download(file.id);
      const url = URL.createObjectURL(await answer.blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
    } catch (cause) {
      setError(errorText(cause));
    }
  };
  return (
    <>
      <button type="button" className="chat-file" aria-label={strings.chat.download(`${name} ${size}`)} onClick={() => void download()}>
        <Icon name="file" />
        <span className="chat-file-name">{name}</span> <span className="chat-quiet">{size}</span>
      </button>
      {error !== undefined && (
        <span className="error" role="alert">
          {error}
        </span>
      )}
    </>
  );
}
