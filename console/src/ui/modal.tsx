import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import './modal.css';

export interface ModalProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** It can be left by its own buttons only, and by the Escape key. */
  readonly keepsOnOutsidePress?: boolean;
  readonly children: ReactNode;
}

/** A dialog above the page. It takes the focus, and gives it back when it closes. */
export function Modal({ title, isOpen, onClose, keepsOnOutsidePress = false, children }: ModalProps): ReactNode {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => open || onClose()} disablePointerDismissal={keepsOnOutsidePress}>
      <Dialog.Portal>
        <Dialog.Backdrop className="modal-back" />
        <Dialog.Popup className="modal">
          <Dialog.Title className="modal-title">{title}</Dialog.Title>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
