import { Menu } from '@base-ui/react/menu';
import type { ReactNode } from 'react';
import './rowMenu.css';

export interface RowMenuProps {
  /** For those who do not see which row it is of. */
  readonly label: string;
  readonly items: readonly { readonly title: string; readonly isDanger?: boolean; readonly onChoose: () => void }[];
}

/** What can be done with one row. */
export function RowMenu({ label, items }: RowMenuProps): ReactNode {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="button quiet row-menu-trigger" aria-label={label}>
        <span aria-hidden="true">⋯</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="row-menu-place" align="end" sideOffset={4}>
          <Menu.Popup className="row-menu">
            {items.map(({ title, isDanger = false, onChoose }) => (
              <Menu.Item key={title} className="row-menu-item" data-danger={isDanger} onClick={onChoose}>
                {title}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
