import { type FormEvent, type ReactNode, useState } from 'react';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { errorText } from '../../ui/errorText.ts';
import './account.css';

/** Who one is to the server, and what one can do about that. */
export function AccountPage(): ReactNode {
  const { me, loginName, hasLogin, leave } = useAccess();
  return (
    <div className="page account">
      <h1>{strings.pages.account}</h1>
      <dl className="account-facts">
        {loginName && <Fact title={strings.login.name}>{loginName}</Fact>}
        <Fact title={strings.account.id}>
          <code>{me.id}</code>
        </Fact>
        <Fact title={strings.account.roles}>
          {me.roles.length === 0 ? strings.account.none : me.roles.map((role) => <Badge key={role}>{role}</Badge>)}
        </Fact>
        {me.tier !== undefined && <Fact title={strings.account.tier}>{me.tier}</Fact>}
        {me.tenant !== undefined && <Fact title={strings.account.tenant}>{me.tenant}</Fact>}
      </dl>
      {loginName !== undefined && <PasswordForm />}
      {hasLogin ? (
        <section className="account-part">
          <h2>{strings.login.logOut}</h2>
          <p>{strings.account.logOutHelp}</p>
          <button type="button" className="button" onClick={() => void leave()}>
            {strings.account.logOut}
          </button>
        </section>
      ) : (
        <p>{strings.account.noLogin}</p>
      )}
    </div>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function PasswordForm(): ReactNode {
  const { client, loginName } = useAccess();
  const [outcome, setOutcome] = useState<{ readonly error?: string }>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const field = (name: string): string => String(given.get(name) ?? '');
    if (field('new') !== field('repeated')) return setOutcome({ error: strings.account.differs });
    setBusy(true);
    setOutcome(undefined);
    try {
      await client.auth.changePassword({ password: field('present'), newPassword: field('new') });
      form.reset();
      setOutcome({});
    } catch (cause) {
      setOutcome({ error: errorText(cause) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="account-part" aria-labelledby="account-password">
      <h2 id="account-password">{strings.account.password}</h2>
      <p>{strings.account.passwordHelp}</p>
      <form className="account-form" onSubmit={(event) => void submit(event)}>
        {/* For password managers: whose it is. */}
        <input className="hidden" name="name" autoComplete="username" defaultValue={loginName} tabIndex={-1} aria-hidden="true" />
        <label className="field">
          {strings.account.present}
          <input name="present" type="password" autoComplete="current-password" required />
        </label>
        <label className="field">
          {strings.account.new}
          <input name="new" type="password" autoComplete="new-password" required />
        </label>
        <label className="field">
          {strings.account.repeated}
          <input name="repeated" type="password" autoComplete="new-password" required />
        </label>
        {outcome?.error !== undefined && (
          <p className="error" role="alert">
            {outcome.error}
          </p>
        )}
        {outcome !== undefined && outcome.error === undefined && <p role="status">{strings.account.changed}</p>}
        <button type="submit" className="button primary" disabled={isBusy}>
          {strings.account.change}
        </button>
      </form>
    </section>
  );
}
