import { type Principal, rolesOf } from './principal.ts';

/** Who may use an agent or a tool: any of these roles, or whom a function takes. Absent: everybody. */
export type Access = readonly string[] | ((principal: Principal) => boolean);

/** A thread, and what the caller is to it. */
export interface ThreadResource {
  readonly kind: 'thread';
  readonly id: string;
  readonly owned: boolean;
  readonly tenant: string | undefined;
  /** What a share of it allows the caller. */
  readonly shared: 'read' | 'write' | undefined;
}

export interface AgentResource {
  readonly kind: 'agent';
  readonly name: string;
  readonly access: Access | undefined;
}

export interface ToolResource {
  readonly kind: 'tool';
  readonly name: string;
  readonly agent: string;
  readonly access: Access | undefined;
}

/** The server itself: connections, agents, users, keys, the audit log, notices. */
export interface ServerResource {
  readonly kind: 'server';
  /** What is asked for, such as `admin.users.list`. */
  readonly name: string;
}

/**
 * One question of authority. `read` is to see a thread; `write` is to send, cancel, decide and answer in it; `manage` is to delete, rename and
 * share it; `create` is to begin one; `use` is of agents and tools; `administer` is of the server.
 */
export type PolicyQuestion =
  | { readonly principal: Principal; readonly action: 'read' | 'write' | 'manage'; readonly resource: ThreadResource }
  | { readonly principal: Principal; readonly action: 'create'; readonly resource: { readonly kind: 'threads' } }
  | { readonly principal: Principal; readonly action: 'use'; readonly resource: AgentResource | ToolResource }
  | { readonly principal: Principal; readonly action: 'administer'; readonly resource: ServerResource };

/**
 * Whether a principal may. It is the only thing that decides, at every call and as long as a stream lasts; it must not wait, and what it
 * throws is a no. `standard` answers as the server does without it.
 */
export type Policy = (question: PolicyQuestion, standard: (question: PolicyQuestion) => boolean) => boolean;

/** The server's own policy. An administrator of a tenant is one within it only. */
export function standardPolicy({ principal, action, resource }: PolicyQuestion): boolean {
  const isAdmin = rolesOf(principal).includes('admin');
  switch (resource.kind) {
    case 'thread': {
      if (resource.owned) return true;
      if (resource.shared === 'write' && action !== 'manage') return true;
      if (resource.shared === 'read' && action === 'read') return true;
      return isAdmin && (principal.tenant === undefined || principal.tenant === resource.tenant);
    }
    case 'threads':
      return principal.share === undefined;
    case 'agent':
    case 'tool': {
      const { access } = resource;
      if (access === undefined) return true;
      if (typeof access === 'function') return access(principal);
      return isAdmin || access.some((role) => rolesOf(principal).includes(role));
    }
    case 'server':
      return isAdmin && principal.tenant === undefined;
  }
}

export type May = (question: PolicyQuestion) => boolean;

/** The policy that holds: the given one, or the server's own. */
export function mayBy(policy: Policy | undefined): May {
  return (question) => {
    try {
      return policy === undefined ? standardPolicy(question) : policy(question, standardPolicy) === true;
    } catch {
      return false; // Whatever cannot be decided is not allowed.
    }
  };
}
