import { z } from 'zod';
import type { Limits } from './limits.ts';

/** Characters; whoever hashes a password must not be given a book. */
export const MAX_PASSWORD_LENGTH = 1_000;
const MAX_ROLES = 50;

/** The input schemas of `auth.*` and `admin.*`. */
export function createAccountInputs(limits: Limits) {
  const id = z.string().min(1).max(100);
  const name = z.string().min(1).max(200);
  const password = z.string().min(1).max(MAX_PASSWORD_LENGTH);
  const principalId = z.string().min(1).max(200);
  const words = z.array(z.string().min(1).max(100)).max(MAX_ROLES);
  const word = z.string().min(1).max(100);
  const idempotencyKey = z.string().min(1).max(200).optional();
  const page = {
    limit: z.int().min(1).max(limits.maxPageSize).optional(),
    pageToken: z.string().min(1).max(200).optional(),
  };
  const refreshToken = z.string().min(1).max(200);
  return {
    login: z.object({ name, password }),
    refresh: z.object({ refreshToken }),
    logout: z.object({ refreshToken: refreshToken.optional() }).default({}),
    changePassword: z.object({ password, newPassword: password }),
    adminPage: z.object(page).default({}),
    auditList: z
      .object({
        ...page,
        actor: principalId.optional(),
        action: word.optional(),
        target: principalId.optional(),
        outcome: z.enum(['ok', 'refused', 'failed']).optional(),
        from: z.number().optional(),
        to: z.number().optional(),
      })
      .default({}),
    metrics: z.object({ range: z.enum(['hour', 'day']).optional(), after: z.number().optional() }).default({}),
    connectionClose: z.union([z.object({ connectionId: id }), z.object({ principalId, tenant: word.optional() })]),
    agent: z.object({ agent: name }),
    user: z.object({ userId: principalId }),
    userCreate: z.object({
      name,
      id: principalId.optional(),
      password: password.optional(),
      roles: words.optional(),
      tier: word.optional(),
      tenant: word.optional(),
      idempotencyKey,
    }),
    userRoles: z.object({ userId: principalId, roles: words }),
    userTier: z.object({ userId: principalId, tier: word.nullable() }),
    userPassword: z.object({ userId: principalId, password }),
    keyList: z.object({ ...page, principalId: principalId.optional() }).default({}),
    keyCreate: z.object({
      name,
      principalId: principalId.optional(),
      roles: words.optional(),
      tier: word.optional(),
      scopes: words.optional(),
      tenant: word.optional(),
      expiresAt: z.int().min(0).optional(),
      idempotencyKey,
    }),
    key: z.object({ keyId: id }),
  };
}
