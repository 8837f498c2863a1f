import type { ModelEndpoint } from '../../agents/model.ts';
import { DEFAULT_LIMITS } from '../../protocol/limits.ts';
import { checkOptions } from '../../server/checkOptions.ts';
import type { Config } from '../../server/config/config.ts';
import { withoutSecrets } from '../../server/config/secret.ts';
import { SERVER_SETTINGS } from '../../server/config/settings.ts';
import { modelsOf } from '../../server/modelsOf.ts';
import type { ServerOptions } from '../../server/serverOptions.ts';
import { type EffectiveConfig, optionsOf, readConfig } from '../config/effectiveConfig.ts';
import type { Paint } from '../paint.ts';
import { readVersion } from '../readVersion.ts';
import { watchClock } from './checkClock.ts';
import { checkDatabase } from './checkDatabase.ts';
import { checkDescriptors, checkNode, checkSqlite } from './checkMachine.ts';
import { checkPort } from './checkPort.ts';
import { checkProviders } from './checkProviders.ts';
import { checkSecrets } from './checkSecrets.ts';
import { type Finding, ok, problemOfError } from './finding.ts';
import { printFindings } from './printFindings.ts';

export interface DoctorFlags {
  readonly config?: string;
  readonly db?: string;
  readonly json?: boolean;
}

export interface DoctorOptions {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly paint: Paint;
  /** Of the terminal; undefined in a pipe, where lines are as long as they are. */
  readonly columns: number | undefined;
  print(line: string): void;
}

/**
 * Looks at everything that a server here depends on, and prints a line for each, with what to do where something is wrong. Resolves to the
 * exit code: 1 when there is a problem. Works beside a running server; reads only, and sends no prompt to anybody.
 */
export async function doctor(flags: DoctorFlags, options: DoctorOptions): Promise<number> {
  const findings = (await examine(flags, options)).map((finding) => ({
    ...finding,
    message: withoutSecrets(finding.message),
    ...(finding.remedy !== undefined && { remedy: withoutSecrets(finding.remedy) }),
  }));
  const hasProblem = findings.some(({ status }) => status === 'problem');
  const version = readVersion();
  if (flags.json) options.print(JSON.stringify({ version, ok: !hasProblem, findings }, null, 2));
  else printFindings(findings, version, options);
  return hasProblem ? 1 : 0;
}

async function examine(flags: DoctorFlags, { cwd, environment }: DoctorOptions): Promise<readonly Finding[]> {
  const lookAtClock = watchClock();
  const machine = [checkNode(), checkSqlite()];
  const { config, findings: configuration } = await readConfiguration(flags, { cwd, environment });
  const limits = { ...DEFAULT_LIMITS, ...config?.limits };
  const database = checkDatabase(flags.db ?? config?.database ?? 'verbatim.db');
  const providers = await checkProviders(config === undefined ? [] : endpointsOf(config));
  return [
    ...machine,
    checkDescriptors('maxConnections' in limits ? Number(limits.maxConnections) : Number.POSITIVE_INFINITY),
    ...configuration,
    ...checkSecrets(),
    ...database.findings,
    ...(config === undefined ? [] : [await checkPort(config.port ?? 3000, config.host ?? '127.0.0.1', database.isRunning)]),
    ...providers.findings,
    lookAtClock({ newestAt: database.newestAt, told: providers.told }),
  ];
}

async function readConfiguration(
  flags: DoctorFlags,
  { cwd, environment }: Pick<DoctorOptions, 'cwd' | 'environment'>,
): Promise<{ readonly config: Config | undefined; readonly findings: readonly Finding[] }> {
  let effective: EffectiveConfig;
  try {
    effective = await readConfig({ cwd, environment, file: flags.config });
    checkOptions(optionsOf<ServerOptions>(effective.config, SERVER_SETTINGS));
  } catch (cause) {
    return { config: undefined, findings: [problemOfError('config', cause)] };
  }
  const { config, file, note, values } = effective;
  const changed = values.filter(({ source }) => source !== 'default').length;
  const agents = Object.keys(config.agents).join(', ');
  return {
    config,
    findings: [
      ok('config', `${file ?? 'no file'}, ${changed} options set`),
      ok('agents', note === undefined ? agents : `${agents} (${note})`),
    ],
  };
}

function endpointsOf(config: Config): readonly ModelEndpoint[] {
  return modelsOf(config).flatMap((model) => model.endpoints ?? []);
}
