import type { Json } from './json.ts';

/** Who is calling. A method of `auth` makes it; tools get it; threads belong to it. Any further claims are JSON and yours. */
export interface Principal {
  /** Within its tenant. */
  readonly id: string;
  /** `user`, `premium` and `admin` mean something to the server; any others to your agents, tools and approvals. */
  readonly roles?: readonly string[];
  /** Whose limits hold for it. Default: `premium` for those with that role, else `user`. */
  readonly tier?: string;
  /** What it may do; agents and tools narrow it. Absent: whatever its roles may. */
  readonly scopes?: readonly string[];
  /** A principal sees nothing of another tenant's. */
  readonly tenant?: string;
  /** When its authority ends, in epoch milliseconds. Its streams end with it. */
  readonly expiresAt?: number;
  /** Of a guest: the link that it came by. Only the server sets it, never a method of `auth`. */
  readonly share?: string;
  readonly [claim: string]: Json | undefined;
}

/** Who everybody is when there is no authentication: such a server listens on loopback only. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local', roles: ['admin'] };

/**
 * What its threads, files, receipts and limits are kept under: its id, and its tenant's where it has one. No two principals share it, but for
 * the guests of one link: anybody who has the link can become another of them, and must gain nothing by it.
 */
export function ownerOf({ id, tenant, share }: Principal): string {
  // A tenant's name never begins with `:` or `@` here.
  if (typeof share === 'string') return `@:${share}`;
  if (typeof tenant === 'string') return `@${encodeURIComponent(tenant)}/${id}`;
  return id.startsWith('@') ? `@${id}` : id;
}

/** The id of the principal that `ownerOf` names so. */
export function idOfOwner(owner: string): string {
  if (!owner.startsWith('@')) return owner;
  return owner.startsWith('@@') ? owner.slice(1) : owner.slice(owner.indexOf('/') + 1);
}

/** The roles that are text: a principal may come from an older version's row. */
export function rolesOf({ roles }: Principal): readonly string[] {
  return Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : [];
}
