import { type Principal, rolesOf } from './principal.ts';
import { definitionsOf, names, type Roles } from './roles.ts';

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

/** A tool call about which a person is asked. */
export interface ApprovalResource {
  readonly kind: 'approval';
  readonly tool: string;
  /** Who is asked; undefined when it is those who may write in the thread. */
  readonly role: string | undefined;
  readonly thread: ThreadResource;
}

/**
 * One question of authority. `read` is to see a thread; `write` is to send, cancel, decide and answer in it; `manage` is to delete, rename and
 * share it; `inspect`, asked of whom may read it, is to see what models were sent in it, with the agent's instructions; `create` is to begin
 * one, or to keep a file; `list` is to see which threads others have, those of a tenant or all; `use` is of agents and tools; `decide` is of
 * approvals, which are seen by whom may decide them; `administer` is of the server.
 */
export type PolicyQuestion =
  | { readonly principal: Principal; readonly action: 'read' | 'write' | 'manage' | 'inspect'; readonly resource: ThreadResource }
  | { readonly principal: Principal; readonly action: 'create'; readonly resource: { readonly kind: 'threads' | 'files' } }
  | {
      readonly principal: Principal;
      readonly action: 'list';
      readonly resource: { readonly kind: 'threads'; readonly tenant: string | undefined };
    }
  | { readonly principal: Principal; readonly action: 'use'; readonly resource: AgentResource | ToolResource }
  | { readonly principal: Principal; readonly action: 'decide'; readonly resource: ApprovalResource }
  | { readonly principal: Principal; readonly action: 'administer'; readonly resource: ServerResource };

/**
 * Whether a principal may. It is the only thing that decides, at every call and as long as a stream lasts; it must not wait, and what it
 * throws is a no. `standard` answers as the server does without it.
 */
export type Policy = (question: PolicyQuestion, standard: (question: PolicyQuestion) => boolean) => boolean;

const RANK = { read: 1, write: 2, manage: 3 } as const;

/** The server's own policy, with the roles that it knows. A role counts within the principal's tenant only, that of an administrator too. */
export function standardPolicy({ principal, action, resource }: PolicyQuestion, roles?: Roles): boolean {
  switch (action) {
    case 'read':
    case 'write':
    case 'manage':
      return mayWithThread(principal, action, resource, roles);
    case 'inspect':
      return isOfTenant(principal, resource.tenant) && definitionsOf(principal, roles).some((role) => role.inspect === true);
    case 'create':
      return principal.share === undefined;
    case 'list':
      return isOfTenant(principal, resource.tenant) && definitionsOf(principal, roles).some((role) => role.threads !== undefined);
    case 'use': {
      const { access } = resource;
      if (access === undefined) return true;
      if (typeof access === 'function') return access(principal) === true;
      return rolesOf(principal).some((role) => role === 'admin' || access.includes(role));
    }
    case 'decide': {
      const { role, thread } = resource;
      if (role === undefined) return mayWithThread(principal, 'write', thread, roles);
      return rolesOf(principal).includes(role) && isOfTenant(principal, thread.tenant);
    }
    case 'administer':
      return (
        principal.tenant === undefined && definitionsOf(principal, roles).some(({ administer = [] }) => names(administer, resource.name))
      );
  }
}

function mayWithThread(
  principal: Principal,
  action: 'read' | 'write' | 'manage',
  { owned, shared, tenant }: ThreadResource,
  roles: Roles | undefined,
): boolean {
  if (owned) return true;
  if (shared !== undefined && RANK[shared] >= RANK[action]) return true;
  return (
    isOfTenant(principal, tenant) &&
    definitionsOf(principal, roles).some(({ threads }) => threads !== undefined && RANK[threads] >= RANK[action])
  );
}

function isOfTenant(principal: Principal, tenant: string | undefined): boolean {
  return principal.tenant === undefined || principal.tenant === tenant;
}

export type May = (question: PolicyQuestion) => boolean;

/** The policy that holds: the given one, or the server's own. */
export function mayBy(policy: Policy | undefined, roles?: Roles): May {
  const standard: May = (question) => standardPolicy(question, roles);
  return (question) => {
    try {
      return (policy === undefined ? standard(question) : policy(question, standard)) === true;
    } catch {
      return false; // Whatever cannot be decided is not allowed.
    }
  };
}
