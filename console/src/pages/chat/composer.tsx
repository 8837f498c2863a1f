import {
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { strings } from '../../strings.ts';
import { Icon } from '../../ui/icon.tsx';
import { IconButton } from '../../ui/iconButton.tsx';
import '../../ui/iconButton.css';
import { AttachmentList } from './attachmentList.tsx';
import { useAttachments } from './useAttachments.ts';
import { useDrafts } from './useDrafts.ts';
import './composer.css';

export type WhenBusy = 'queue' | 'steer';

export interface Outgoing {
  readonly text: string;
  readonly attachments?: readonly string[];
  readonly whenBusy?: WhenBusy;
}

export interface ComposerProps {
  readonly threadId: string | undefined;
  /** A run is at work: what is sent waits for it, or goes into it. */
  readonly isBusy: boolean;
  /** Beside the buttons: who is asked. */
  readonly children: ReactNode;
  /** Above the field: what goes with the message. */
  readonly above: ReactNode;
  onSend(message: Outgoing): void;
  onStop(): Promise<void>;
}

/** Where messages are written. What is being written is kept per thread, over a reload too. */
export function Composer({ threadId, isBusy, children, above, onSend, onStop }: ComposerProps): ReactNode {
  const drafts = useDrafts();
  const [text, setText] = useState(() => drafts.of(threadId));
  const [whenBusy, setWhenBusy] = useState<WhenBusy>('queue');
  const [isDragged, setDragged] = useState(false);
  const [isStopping, setStopping] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const files = useAttachments();

  const write = (next: string): void => {
    setText(next);
    drafts.keep(threadId, next);
  };
  const draftOf = useRef(threadId);
  useEffect(() => {
    if (draftOf.current === threadId) return;
    // The thread has begun, while more was being written.
    drafts.keep(draftOf.current, '');
    drafts.keep(threadId, text);
    draftOf.current = threadId;
  }, [threadId, text, drafts]);
  useEffect(() => {
    if (!isBusy) setStopping(false);
  }, [isBusy]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is as high as its text.
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight + element.offsetHeight - element.clientHeight}px`;
  }, [text]);

  const canSend = text.trim() !== '' && !files.isUploading;
  const submit = (): void => {
    if (!canSend) return;
    const attachments = files.list.flatMap(({ file }) => file?.id ?? []);
    onSend({ text, ...(attachments.length > 0 && { attachments }), ...(isBusy && { whenBusy }) });
    write('');
    files.clear();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter that ends the composition of a character is not one that sends.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  const onPaste = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    files.add(event.clipboardData.files);
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setDragged(false);
    files.add(event.dataTransfer.files);
  };
  const stop = (): void => {
    setStopping(true);
    onStop().catch(() => setStopping(false));
  };

  return (
    <form
      className="composer"
      data-dragged={isDragged || undefined}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setDragged(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget instanceof Node ? event.relatedTarget : null)) setDragged(false);
      }}
      onDrop={onDrop}
    >
      {above}
      <AttachmentList files={files} />
      <textarea
        ref={field}
        aria-label={strings.chat.message}
        placeholder={strings.chat.placeholder}
        rows={1}
        value={text}
        enterKeyHint="send"
        onChange={({ target }) => write(target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className="composer-foot">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={({ target }) => {
            files.add([...(target.files ?? [])]);
            target.value = '';
          }}
        />
        <IconButton icon="attach" label={strings.chat.attach} onClick={() => picker.current?.click()} />
        {children}
        {isBusy && (
          <fieldset className="composer-when">
            <legend className="hidden">{strings.chat.whenBusy.label}</legend>
            {(['queue', 'steer'] as const).map((choice) => (
              <label key={choice} title={strings.chat.whenBusy[`${choice}Hint`]} data-chosen={whenBusy === choice || undefined}>
                <input type="radio" name="whenBusy" className="hidden" checked={whenBusy === choice} onChange={() => setWhenBusy(choice)} />
                {strings.chat.whenBusy[choice]}
              </label>
            ))}
          </fieldset>
        )}
        {/* One button of two uses: the focus stays where it is when an answer begins or ends. */}
        <button
          type={isBusy ? 'button' : 'submit'}
          className="composer-send"
          aria-label={isBusy ? (isStopping ? strings.chat.stopping : strings.chat.stop) : strings.chat.send}
          title={isBusy ? strings.chat.stop : strings.chat.send}
          data-stop={isBusy || undefined}
          disabled={isBusy ? isStopping : !canSend}
          onClick={isBusy ? stop : undefined}
        >
          <Icon name={isBusy ? 'stop' : 'send'} />
        </button>
      </div>
      {isDragged && <p className="composer-drop">{strings.chat.dropHere}</p>}
    </form>
  );
}
