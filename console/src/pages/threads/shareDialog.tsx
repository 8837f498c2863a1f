import { type FormEvent, type ReactNode, useCallback, useEffect, useState } from 'react';
import type { ShareInfo, ThreadInfo } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { CopyTextButton } from '../../ui/copyTextButton.tsx';
import { Modal } from '../../ui/modal.tsx';
import { Refusal } from '../../ui/refusal.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { useAttempt } from '../../ui/useAttempt.ts';
import { useNames } from '../../ui/useNames.ts';
import { titleOf } from './titleOf.ts';

const text = strings.threads.sharing;
const DAY_MS = 24 * 60 * 60_000;

export interface ShareDialogProps {
  /** Closed without one. */
  readonly thread: ThreadInfo | undefined;
  onClose(): void;
}

/** With whom a thread is shared: by name, or by a link whose secret is in its fragment, which browsers send to nobody. */
export function ShareDialog({ thread, onClose }: ShareDialogProps): ReactNode {
  return (
    <Modal title={text.title(titleOf(thread))} isOpen={thread !== undefined} onClose={onClose} keepsOnOutsidePress>
      {thread !== undefined && <Sharing key={thread.id} threadId={thread.id} />}
      <div className="modal-actions">
        <button type="button" className="button" onClick={onClose}>
          {strings.ui.close}
        </button>
      </div>
    </Modal>
  );
}

function Sharing({ threadId }: { readonly threadId: string }): ReactNode {
  const client = useClient();
  const names = useNames();
  const [shares, setShares] = useState<readonly ShareInfo[]>();
  const [link, setLink] = useState<string>();
  const { isBusy, error, run, setError } = useAttempt();
  const load = useCallback(async () => setShares(await client.threads.shares({ threadId })), [client, threadId]);
  useEffect(() => {
    load().catch(setError);
  }, [load, setError]);

  const act = (change: () => Promise<unknown>): Promise<void> =>
    run(async () => {
      await change();
      await load();
    });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const name = String(fields.get('with') ?? '').trim();
    const days = Number(fields.get('ends'));
    const access = fields.get('access') === 'write' ? 'write' : 'read';
    const how = { threadId, access, ...(days > 0 && { expiresInMs: days * DAY_MS }) } as const;
    const byLink = event.nativeEvent instanceof SubmitEvent && event.nativeEvent.submitter?.getAttribute('value') === 'link';
    void act(async () => {
      if (byLink) {
        const { secret = '' } = await client.threads.share({ ...how, link: true });
        setLink(`${window.location.origin}/share#${encodeURIComponent(secret)}`);
        return;
      }
      if (name === '') return;
      await client.threads.share({ ...how, with: name });
      form.reset();
    });
  };
  return (
    <>
      <form className="sharing" onSubmit={submit}>
        <label className="field sharing-with">
          {text.with}
          <input name="with" autoComplete="off" placeholder={text.withPlaceholder} />
        </label>
        <label className="field">
          {text.access}
          <select name="access">
            <option value="read">{text.read}</option>
            <option value="write">{text.write}</option>
          </select>
        </label>
        <label className="field">
          {text.ends}
          <select name="ends">
            <option value="0">{text.never}</option>
            <option value="1">{text.afterDay}</option>
            <option value="7">{text.afterWeek}</option>
            <option value="30">{text.afterMonth}</option>
          </select>
        </label>
        <div className="sharing-acts">
          <button type="submit" className="button primary" disabled={isBusy}>
            {text.share}
          </button>
          <button type="submit" name="by" value="link" className="button" disabled={isBusy}>
            {text.makeLink}
          </button>
        </div>
      </form>
      {link !== undefined && (
        <div className="sharing-link">
          <label className="field">
            {text.link}
            <input readOnly value={link} onFocus={({ target }) => target.select()} />
          </label>
          <CopyTextButton text={link} label={text.copyLink} />
          <p>{text.linkText}</p>
        </div>
      )}
      <Refusal error={error} />
      <section aria-label={text.held}>
        <h3 className="sharing-held">{text.held}</h3>
        {shares?.length === 0 && <p className="sharing-none">{text.none}</p>}
        <ul className="sharing-list">
          {shares?.map((share) => (
            <li key={share.id}>
              <span className="sharing-name" title={share.with}>
                {nameOf(share, names)}
              </span>
              <span className="sharing-how">
                {share.access === 'write' ? text.write : text.read}
                {share.expiresAt !== undefined && (
                  <>
                    , {text.until} <TimeText at={share.expiresAt} />
                  </>
                )}
              </span>
              <button
                type="button"
                className="button danger"
                aria-label={text.takeBackOf(nameOf(share, names))}
                disabled={isBusy}
                onClick={() => void act(() => client.threads.unshare({ threadId, shareId: share.id }))}
              >
                {text.takeBack}
              </button>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function nameOf({ with: id, linkId }: ShareInfo, names: ReadonlyMap<string, string>): string {
  if (id === undefined) return text.byLink;
  const name = names.get(id) ?? id;
  return linkId === undefined ? name : text.byLinkOf(name);
}
