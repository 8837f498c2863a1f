import { type ReactNode, type ToggleEvent, useId, useRef } from 'react';
import { placePopover } from './placePopover.ts';
import './rowMenu.css';

export interface RowMenuProps {
  /** For those who do not see which row it is of. */
  readonly label: string;
  readonly items: readonly { readonly title: string; readonly isDanger?: boolean; readonly onChoose: () => void }[];
}

/** What can be done with one row: buttons that the browser shows above everything, and hides when anything else is touched. */
export function RowMenu({ label, items }: RowMenuProps): ReactNode {
  const id = useId();
  const trigger = useRef<HTMLButtonElement>(null);
  const popup = useRef<HTMLDivElement>(null);
  const place = ({ newState }: ToggleEvent): void => {
    if (newState === 'open') placePopover(trigger.current, popup.current, 'end');
  };
  return (
    <>
      <button ref={trigger} type="button" className="button quiet row-menu-trigger" aria-label={label} popoverTarget={id}>
        <span aria-hidden="true">⋯</span>
      </button>
      <div ref={popup} id={id} popover="auto" className="row-menu" onToggle={place}>
        {items.map(({ title, isDanger = false, onChoose }) => (
          <button
            key={title}
            type="button"
            className="row-menu-item"
            data-danger={isDanger}
            onClick={() => {
              // Before a dialog opens: the focus goes back here when that closes.
              popup.current?.hidePopover();
              trigger.current?.focus();
              onChoose();
            }}
          >
            {title}
          </button>
        ))}
      </div>
    </>
  );
}
