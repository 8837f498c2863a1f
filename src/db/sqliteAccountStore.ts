import type { AccountPage, AccountStore } from './accountStore.ts';
import { within } from './operations/actor.ts';
import { changeUser } from './operations/changeUser.ts';
import { once } from './operations/command.ts';
import { createKey, keyInfo, revokeKey } from './operations/createKey.ts';
import { createUser, userInfo } from './operations/createUser.ts';
import { setAgentEnabled } from './operations/disableAgent.ts';
import { changePassword, endLogin } from './operations/endLogin.ts';
import { keyPrincipal } from './operations/keyPrincipal.ts';
import { logIn } from './operations/logIn.ts';
import { loginPrincipal, openLogin } from './operations/openLogin.ts';
import { refreshLogin } from './operations/refreshLogin.ts';
import { decodePageToken, encodePageToken } from './pageToken.ts';
import type { SqliteParts } from './sqliteLog.ts';

/** Last use is noted no more often. */
const USE_NOTED_MS = 60_000;

export function sqliteAccountStore(parts: SqliteParts): AccountStore {
  const { queries, commit } = parts;
  return {
    keyByHash(hash) {
      const row = queries.apiKeys.byHash(hash);
      const principal = keyPrincipal(parts, row);
      return row === undefined || principal === undefined ? undefined : { id: row.id, principal };
    },
    keyAgain: (id) => keyPrincipal(parts, queries.apiKeys.byId(id)),
    async keyUsed(id) {
      const knownSince = parts.now - USE_NOTED_MS;
      if ((queries.apiKeys.byId(id)?.lastUsedAt ?? 0) > knownSince) return;
      await commit.run((tx) => tx.queries.apiKeys.setUsed(id, tx.now, knownSince));
    },
    accessToken(hash) {
      const token = queries.logins.token(hash);
      if (token?.kind !== 'access' || token.expiresAt <= parts.now) return undefined;
      const open = openLogin(parts, queries.logins.byKey(token.login));
      return open === undefined ? undefined : { id: open.login.id, principal: loginPrincipal(open, token.expiresAt) };
    },
    loginAgain(id, expiresAt) {
      const open = openLogin(parts, queries.logins.byId(id));
      return open === undefined ? undefined : loginPrincipal(open, expiresAt);
    },
    userOfLogin: (loginId) => openLogin(parts, queries.logins.byId(loginId))?.user,
    userByName: (name) => queries.users.byName(name),

    logIn: (input) => commit.run((tx) => logIn(tx, input)),
    refresh: (input) => commit.run((tx) => refreshLogin(tx, input)),
    endLogin: (ref, origin) => commit.run((tx) => endLogin(tx, ref, origin)),
    changePassword: (input) => commit.run((tx) => changePassword(tx, input)),

    async users(by, page) {
      return pageOf(page, (after, limit) => queries.users.page({ after, tenant: by.within, limit }), userInfo);
    },
    createUser: (command, user, by) => commit.run((tx) => once(tx, command, () => createUser(tx, user, by)).answer),
    changeUser: (userId, act, by) => commit.run((tx) => changeUser(tx, userId, act, by)),
    async userName(userId, by) {
      return within(by, queries.users.byId(userId), 'user').name;
    },
    async keys(by, { principalId, ...page }) {
      return pageOf(page, (after, limit) => queries.apiKeys.page({ after, principalId, tenant: by.within, limit }), keyInfo);
    },
    createKey: (command, key, by) =>
      commit.run((tx) => {
        const { answer, again } = once(tx, command, () => createKey(tx, key, by));
        return { info: answer, isNew: !again };
      }),
    revokeKey: (keyId, by) => commit.run((tx) => revokeKey(tx, keyId, by)),
    async disabledAgents() {
      return queries.disabledAgents.all().map(({ name, by, at }) => ({ name, disabled: { by, at } }));
    },
    setAgentEnabled: (name, enabled, by) => commit.run((tx) => setAgentEnabled(tx, name, enabled, by)),
  };
}

function pageOf<Row extends { readonly key: number }, Info>(
  { limit, pageToken }: AccountPage,
  read: (after: number | undefined, limit: number) => readonly Row[],
  show: (row: Row) => Info,
) {
  const [after] = pageToken === undefined ? [] : decodePageToken(pageToken, 1);
  const rows = read(after, limit + 1);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(show),
    ...(rows.length > limit && last !== undefined && { nextPageToken: encodePageToken([last.key]) }),
  };
}
