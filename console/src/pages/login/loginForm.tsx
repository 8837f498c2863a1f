import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { logIn, logInWithToken } from '../../keptLogin.ts';
import { strings } from '../../strings.ts';
import { errorText } from '../../ui/errorText.ts';
import { useMethods } from './useMethods.ts';
import './login.css';

export const LOGIN_TITLE_ID = 'login-title';

export interface LoginFormProps {
  readonly note: string | undefined;
  /** Of whoever was here. */
  readonly name?: string | undefined;
  readonly onLogin: () => void;
}

/** By name and password where the server has them, or with a token or API key that somebody has. */
export function LoginForm({ note, name, onLogin }: LoginFormProps): ReactNode {
  const methods = useMethods();
  const [wantsToken, setWantsToken] = useState(false);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const withToken = wantsToken || !methods.password;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the other way in has other fields.
  useEffect(() => {
    const fields = [...(form.current?.querySelectorAll('input') ?? [])];
    (fields.find(({ value }) => value === '') ?? fields[0])?.focus();
  }, [withToken]);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const field = (name: string): string => String(given.get(name) ?? '');
    setBusy(true);
    setError(undefined);
    try {
      if (withToken) await logInWithToken(field('token').trim());
      else await logIn({ name: field('name'), password: field('password') });
      onLogin();
    } catch (cause) {
      setError(errorText(cause));
      setBusy(false);
    }
  };

  return (
    <form ref={form} className="login-form" onSubmit={(event) => void submit(event)}>
      <div className="login-head">
        <p className="login-name">{strings.app.name}</p>
        <h1 id={LOGIN_TITLE_ID}>{strings.login.title}</h1>
      </div>
      {note !== undefined && (
        <p className="login-note" role="status">
          {note}
        </p>
      )}
      {withToken ? (
        <label className="field" key="token">
          {strings.login.token}
          <input name="token" type="password" autoComplete="off" required aria-describedby="login-error" />
        </label>
      ) : (
        <>
          <label className="field" key="name">
            {strings.login.name}
            <input
              name="name"
              defaultValue={name}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              aria-describedby="login-error"
            />
          </label>
          <label className="field" key="password">
            {strings.login.password}
            <input name="password" type="password" autoComplete="current-password" required />
          </label>
        </>
      )}
      <p className="error" id="login-error" role="alert" hidden={error === undefined}>
        {error}
      </p>
      <button type="submit" className="button primary" disabled={isBusy}>
        {strings.login.submit}
      </button>
      {methods.password && methods.token && (
        <button type="button" className="button quiet" onClick={() => setWantsToken(!wantsToken)}>
          {wantsToken ? strings.login.withPassword : strings.login.withToken}
        </button>
      )}
    </form>
  );
}
