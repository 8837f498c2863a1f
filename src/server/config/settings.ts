import { DEFAULT_LIMITS } from '../../protocol/limits.ts';
import type { AuthMethod } from '../auth/authMethod.ts';
import { DEFAULT_HSTS_SECONDS } from '../edgeHeaders.ts';
import { DUPLICATES } from '../limits/connectionPlaces.ts';
import type { ServerOptions } from '../serverOptions.ts';
import { parseLogLevels } from '../telemetry/logLevels.ts';
import type { TitleOptions } from '../titleOptions.ts';
import type { ListenOptions } from '../verbatimServer.ts';
import type { Setting, Settings, SettingsOf } from './setting.ts';

const code: Setting = { kind: 'code' };

const TITLES: SettingsOf<TitleOptions> = { model: code, prompt: { kind: 'text' }, timeoutMs: { kind: 'number' } };

/** The options of `createServer`. Defaults are those of `verbatim serve`. */
export const SERVER_SETTINGS: SettingsOf<ServerOptions> = {
  agents: { kind: 'code', show: (agents: object) => Object.keys(agents) },
  database: { kind: 'text', default: 'verbatim.db', aliases: ['VERBATIM_DB'] },
  synchronous: { kind: 'choice', of: ['NORMAL', 'FULL'], default: 'NORMAL' },
  authenticate: code,
  auth: { kind: 'code', show: (methods: readonly AuthMethod[]) => methods.map(({ name }) => name) },
  console: { kind: 'flag', default: true },
  page: { kind: 'text' },
  policy: code,
  budget: code,
  roles: code,
  cookie: code,
  tiers: code,
  connections: { kind: 'group', members: { duplicates: { kind: 'choice', of: DUPLICATES } } },
  trustedProxies: { kind: 'number', max: 100 },
  tls: { kind: 'group', members: { cert: { kind: 'text' }, key: { kind: 'text' } } },
  https: { kind: 'choice', of: ['redirect'] },
  hstsSeconds: { kind: 'number', default: DEFAULT_HSTS_SECONDS, max: 2_147_483_647, orFalse: true },
  retention: {
    kind: 'group',
    members: {
      foldAfterDays: { kind: 'number', default: 30, orFalse: true },
      deleteThreadsAfterDays: { kind: 'number' },
      auditDays: { kind: 'number' },
      usageDays: { kind: 'number', default: 400 },
      maxDatabaseBytes: { kind: 'number' },
    },
  },
  origins: { kind: 'list' },
  hosts: { kind: 'list' },
  titles: { kind: 'code', members: TITLES },
  onStart: code,
  onStop: code,
  limits: { kind: 'group', noun: 'limit', members: numbersOf(DEFAULT_LIMITS) },
  toolWorkers: { kind: 'number' },
  toolCache: code,
  mcp: code,
  prices: code,
  logger: code,
  log: { kind: 'code', fromText: parseLogLevels, aliases: ['VERBATIM_LOG_LEVEL'] },
  onError: code,
  metrics: { kind: 'code', members: { token: { kind: 'text' } } },
  clock: code,
};

/** The options of `server.listen`. */
export const LISTEN_SETTINGS: SettingsOf<ListenOptions> = {
  port: { kind: 'number', default: 3000, max: 65_535, says: 'A port is a number from 0 to 65535.', aliases: ['PORT'] },
  host: { kind: 'text', default: '127.0.0.1', aliases: ['HOST'] },
};

/** Everything that a config file may say. */
export const CONFIG_SETTINGS: Settings = { ...SERVER_SETTINGS, ...LISTEN_SETTINGS };

function numbersOf(defaults: Readonly<Record<string, number>>): Settings {
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { kind: 'number', default: value }]));
}
