/** What somebody else may do in a thread. */
export type ShareAccess = 'read' | 'write';

/** Whom a thread is shared with. */
export interface ShareInfo {
  readonly id: string;
  readonly threadId: string;
  readonly access: ShareAccess;
  /** The id of a principal; absent for a link. */
  readonly with?: string;
  /** The link that this principal came by: it ends with that. */
  readonly linkId?: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt?: number;
}

/** `secret` is of a link, and told this once: put it into the fragment of a URL, which browsers send to nobody. */
export interface NewShare extends ShareInfo {
  readonly secret?: string;
}

/** What a link's secret is exchanged for: a token of a guest who sees this one thread. */
export interface OpenedShare {
  readonly token: string;
  /** Of the token: get another one before. */
  readonly expiresAt: number;
  readonly threadId: string;
  readonly access: ShareAccess;
}
