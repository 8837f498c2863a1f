import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { LoginForm } from './loginForm.tsx';

export function LoginPage({ ended, onLogin }: { readonly ended: boolean; readonly onLogin: () => void }): ReactNode {
  return (
    <main className="login">
      <LoginForm note={ended ? strings.login.ended : undefined} onLogin={onLogin} />
    </main>
  );
}
