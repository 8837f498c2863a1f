import type { ReactNode } from 'react';
import { useNameOf } from './useNames.ts';

/** Who it is: by name where that is known, with the id as its title; else by the id. */
export function Person({ id }: { readonly id: string }): ReactNode {
  const name = useNameOf(id);
  return name === id ? <code className="admin-id">{id}</code> : <span title={id}>{name}</span>;
}
