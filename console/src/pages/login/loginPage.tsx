import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { useTitle } from '../../ui/useTitle.ts';
import { LoginForm } from './loginForm.tsx';

export function LoginPage({ ended, onLogin }: { readonly ended: boolean; readonly onLogin: () => void }): ReactNode {
  useTitle(strings.login.title);
  return (
    <main className="login">
      <LoginForm note={ended ? strings.login.ended : undefined} onLogin={onLogin} />
    </main>
  );
}
