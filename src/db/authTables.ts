import { sql } from 'drizzle-orm';
import { type AnySQLiteColumn, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { JsonObject } from '../protocol/json.ts';
import { threads } from './schema.ts';

/** Who can log in with a password, and whom keys belong to. */
export const users = sqliteTable(
  'users',
  {
    key: integer().primaryKey(),
    /** The principal's id. */
    id: text().notNull().unique(),
    /** What is typed at a login, in lower case. */
    name: text().notNull(),
    /** Argon2id, in its own text form; null for one that cannot log in with a password. */
    passwordHash: text('password_hash'),
    roles: text({ mode: 'json' }).$type<readonly string[]>().notNull(),
    tier: text(),
    tenant: text(),
    disabledAt: integer('disabled_at'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [uniqueIndex('users_name').on(table.name)],
);

/** One login and the tokens that came of it: revoked together. */
export const logins = sqliteTable(
  'logins',
  {
    key: integer().primaryKey(),
    id: text().notNull().unique(),
    user: integer()
      .notNull()
      .references(() => users.key),
    createdAt: integer('created_at').notNull(),
    /** When nothing can be renewed any more. */
    expiresAt: integer('expires_at').notNull(),
    revokedAt: integer('revoked_at'),
    /** Why: `logout`, `reuse`, `password`, `admin`. */
    reason: text(),
  },
  (table) => [index('logins_user').on(table.user), index('logins_expiry').on(table.expiresAt)],
);

/** Access and refresh tokens, by the SHA-256 of their text: it is random, so no slower hash would help. */
export const tokens = sqliteTable(
  'tokens',
  {
    hash: text().primaryKey(),
    kind: text().$type<'access' | 'refresh'>().notNull(),
    login: integer()
      .notNull()
      .references(() => logins.key),
    expiresAt: integer('expires_at').notNull(),
    /** Of a refresh token: when it was used. Using it again revokes its login. */
    usedAt: integer('used_at'),
    /** Of a refresh token: what the tokens after it are made with, so that a lost answer can be given again. Random, and of no use alone. */
    seed: text(),
  },
  (table) => [index('tokens_login').on(table.login), index('tokens_expiry').on(table.expiresAt)],
);

export const apiKeys = sqliteTable(
  'api_keys',
  {
    key: integer().primaryKey(),
    id: text().notNull().unique(),
    name: text().notNull(),
    /** SHA-256 of the key's text. */
    hash: text().notNull().unique(),
    /** Its beginning, by which people know it. */
    prefix: text().notNull(),
    /** The principal it acts for. */
    principalId: text('principal_id').notNull(),
    roles: text({ mode: 'json' }).$type<readonly string[]>().notNull(),
    tier: text(),
    scopes: text({ mode: 'json' }).$type<readonly string[]>(),
    tenant: text(),
    expiresAt: integer('expires_at'),
    lastUsedAt: integer('last_used_at'),
    revokedAt: integer('revoked_at'),
    createdAt: integer('created_at').notNull(),
    createdBy: text('created_by').notNull(),
  },
  (table) => [index('api_keys_principal').on(table.principalId)],
);

/** Whom a thread is shared with: one principal, or whoever has a link's secret. */
export const shares = sqliteTable(
  'shares',
  {
    key: integer().primaryKey(),
    id: text().notNull().unique(),
    thread: integer()
      .notNull()
      .references(() => threads.key),
    access: text().$type<'read' | 'write'>().notNull(),
    /** Whom it is for, as `ownerOf` names it; null for a link. */
    owner: text(),
    /** SHA-256 of a link's secret. */
    secretHash: text('secret_hash').unique(),
    /** The link that its principal came by: it ends with that. */
    link: integer().references((): AnySQLiteColumn => shares.key),
    expiresAt: integer('expires_at'),
    createdAt: integer('created_at').notNull(),
    createdBy: text('created_by').notNull(),
  },
  (table) => [
    index('shares_thread').on(table.thread),
    index('shares_owner').on(table.owner),
    index('shares_expiry').on(table.expiresAt).where(sql`expires_at is not null`),
  ],
);

/** Agents that an administrator has switched off. */
export const disabledAgents = sqliteTable('disabled_agents', {
  name: text().primaryKey(),
  by: text().notNull(),
  at: integer().notNull(),
});

/** What is counted within a window of time, in the columns that rate-limiter-flexible keeps. */
export const rateCounts = sqliteTable(
  'rate_counts',
  {
    /** What is counted, and whose. */
    key: text().primaryKey(),
    points: integer().notNull(),
    /** When the window ends, in epoch milliseconds. */
    expire: integer().notNull(),
  },
  (table) => [index('rate_counts_expire').on(table.expire)],
);

/** What a principal has used in a day, by its owner key; `day` counts from 1970-01-01 UTC. */
export const usageDays = sqliteTable(
  'usage_days',
  {
    owner: text().notNull(),
    day: integer().notNull(),
    tokens: integer().notNull(),
    /** In millionths of the price table's unit. */
    microCost: integer('micro_cost').notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.day] })],
);

/** Who did what. Append-only: `hash` covers the row and the hash before it, so that a row that is changed or gone is found. */
export const auditLog = sqliteTable(
  'audit_log',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: integer().notNull(),
    /** The principal as `ownerOf` names it; `cli` for the command line, `server` for itself, null for nobody known. */
    actor: text(),
    /** Such as `auth.login`. */
    action: text().notNull(),
    /** The id of what it was done to. */
    target: text(),
    outcome: text().$type<'ok' | 'refused' | 'failed'>().notNull(),
    /** Where the caller is: an address. */
    origin: text(),
    /** Never text of messages, tokens or passwords. */
    details: text({ mode: 'json' }).$type<JsonObject>(),
    hash: text().notNull(),
  },
  (table) => [index('audit_log_at').on(table.at), index('audit_log_actor').on(table.actor)],
);
