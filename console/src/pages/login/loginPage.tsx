import { type FormEvent, type ReactNode, useState } from 'react';
import { keepToken, logIn } from '../../keptLogin.ts';
import { strings } from '../../strings.ts';
import { errorText } from '../../ui/errorText.ts';
import './loginPage.css';

/** By name and password, or with a token or API key that somebody has. */
export function LoginPage({ ended, onLogin }: { readonly ended: boolean; readonly onLogin: () => void }): ReactNode {
  const [withToken, setWithToken] = useState(false);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string): string => String(form.get(name) ?? '');
    setBusy(true);
    setError(undefined);
    try {
      if (withToken) keepToken(field('token').trim());
      else await logIn({ name: field('name'), password: field('password') });
      onLogin();
    } catch (cause) {
      setError(errorText(cause));
      setBusy(false);
    }
  };

  return (
    <main className="login">
      <form className="login-form" onSubmit={(event) => void submit(event)}>
        <h1>{strings.login.title}</h1>
        {ended && <p role="status">{strings.login.expired}</p>}
        {withToken ? (
          <label className="field" key="token">
            {strings.login.token}
            <input name="token" type="password" autoComplete="off" required />
          </label>
        ) : (
          <>
            <label className="field" key="name">
              {strings.login.name}
              <input name="name" autoComplete="username" autoCapitalize="none" required />
            </label>
            <label className="field" key="password">
              {strings.login.password}
              <input name="password" type="password" autoComplete="current-password" required />
            </label>
          </>
        )}
        {error !== undefined && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" className="button primary" disabled={busy}>
          {strings.login.submit}
        </button>
        <button type="button" className="button quiet" onClick={() => setWithToken(!withToken)}>
          {withToken ? strings.login.withPassword : strings.login.withToken}
        </button>
      </form>
    </main>
  );
}
