import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';
import './iconButton.css';

export interface IconButtonProps {
  readonly icon: IconName;
  /** What it does: read out, and shown when it is pointed at. */
  readonly label: string;
  readonly onClick: () => unknown;
}

export function IconButton({ icon, label, onClick }: IconButtonProps): ReactNode {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => void onClick()}>
      <Icon name={icon} />
    </button>
  );
}
