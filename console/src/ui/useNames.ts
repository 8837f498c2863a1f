import { useEffect, useState } from 'react';
import type { Client, JsonApi } from 'verbatim-agents/client';
import { type Access, useAccessIfAny } from '../access.tsx';

type Names = ReadonlyMap<string, string>;

const NONE: Names = new Map();
/** Of users beyond these pages the ids are shown. */
const MAX_PAGES = 10;
/** Asked for once by each client, by the first page that shows an id. */
const asked = new WeakMap<Client<JsonApi>, Promise<Names>>();

/** By which the users of the server are known, by their ids: for administrators, who may list them. Others know their own name. */
export function useNames({ isNeeded = true }: { readonly isNeeded?: boolean } = {}): Names {
  const access = useAccessIfAny();
  const { client, isAdmin = false } = access ?? {};
  const [names, setNames] = useState(NONE);
  useEffect(() => {
    if (client === undefined || !isAdmin || !isNeeded) return;
    let isOver = false;
    const known = asked.get(client) ?? namesOf(client);
    asked.set(client, known);
    known.then(
      (found) => isOver || setNames(found),
      // The ids stay, and the next one asks again.
      () => asked.delete(client),
    );
    return () => {
      isOver = true;
    };
  }, [client, isAdmin, isNeeded]);
  return names.size === 0 ? ownName(access) : names;
}

/** A user's name; of everybody else, and of users who are not known by one, the id. */
export function useNameOf(id: string | undefined): string | undefined {
  const names = useNames({ isNeeded: id?.startsWith('user_') === true });
  return id === undefined ? undefined : (names.get(id) ?? id);
}

async function namesOf(client: Client<JsonApi>): Promise<Names> {
  const names = new Map<string, string>();
  let pageToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items, nextPageToken } = await client.trpc.admin.users.list.query({ ...(pageToken !== undefined && { pageToken }) });
    for (const { id, name } of items) names.set(id, name);
    if (nextPageToken === undefined) break;
    pageToken = nextPageToken;
  }
  return names;
}

const own = new WeakMap<Access, Names>();

function ownName(access: Access | undefined): Names {
  if (access?.loginName === undefined || access.loginName === '') return NONE;
  const known = own.get(access) ?? new Map([[access.me.id, access.loginName]]);
  own.set(access, known);
  return known;
}
