import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { createPortal } from 'react-dom';
import { strings } from '../../strings.ts';
import { LOGIN_TITLE_ID, LoginForm } from './loginForm.tsx';

/**
 * The login, before a page whose login has ended midway. A dialog of the browser itself: it lies before other dialogs, nothing behind it can be
 * reached or seen, and what had the focus gets it back.
 */
export function LoginAgain({ name, onLogin }: { readonly name: string | undefined; readonly onLogin: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed before it is taken away: only then does the focus go back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  // Beside the page: a dialog that is open hides everything in it.
  return createPortal(
    <dialog
      ref={dialog}
      className="login-again"
      aria-labelledby={LOGIN_TITLE_ID}
      // There is nothing to go back to.
      onCancel={(event) => event.preventDefault()}
      onClose={({ currentTarget }) => currentTarget.isConnected && currentTarget.showModal()}
    >
      <LoginForm note={strings.login.expired} name={name} onLogin={onLogin} />
    </dialog>,
    document.body,
  );
}
