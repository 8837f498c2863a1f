import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';

const BUILT_IN = ['user', 'premium', 'admin'] as const;

export interface RolesFieldProps {
  /** Those of others, to be chosen from. */
  readonly known?: readonly string[];
  readonly chosen: readonly string[];
}

/** Roles to be ticked, and a line for others. See `rolesIn`. */
export function RolesField({ known = [], chosen }: RolesFieldProps): ReactNode {
  const roles = [...new Set([...BUILT_IN, ...known, ...chosen])];
  return (
    <fieldset className="admin-roles">
      <legend>{strings.account.roles}</legend>
      {roles.map((role) => (
        <label key={role}>
          <input type="checkbox" name="role" value={role} defaultChecked={chosen.includes(role)} />
          {role}
        </label>
      ))}
      <label className="field">
        {strings.users.otherRoles}
        <input name="otherRoles" autoComplete="off" autoCapitalize="none" spellCheck={false} />
      </label>
    </fieldset>
  );
}

export function rolesIn(form: FormData): readonly string[] {
  const others = String(form.get('otherRoles') ?? '').split(/[\s,]+/);
  return [...new Set([...form.getAll('role').map(String), ...others])].filter((role) => role !== '');
}
