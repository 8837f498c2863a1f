import { relative, resolve } from 'node:path';
import { contractOf } from '../agents/contractOf.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type ContractChange, contractChanges } from './generate/contractChanges.ts';
import { type OutputFolder, openOutputFolder, staleFiles, writeOutputFolder } from './generate/outputFolder.ts';
import { packageFiles } from './generate/packageFiles.ts';
import { loadConfig } from './loadConfig.ts';
import type { Paint } from './paint.ts';
import { readVersion } from './readVersion.ts';

export interface GenerateFlags {
  readonly config?: string;
  readonly out: string;
  readonly name?: string;
  readonly check?: boolean;
}

const DEFAULT_NAME = 'agents-client';
/** What npm takes: lower case, with a scope or without. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

export interface GenerateOptions {
  /** What paths are relative to. */
  readonly cwd: string;
  readonly paint: Paint;
  print(line: string): void;
}

/** Writes the client package, or with `check` only looks at it. Resolves to the exit code: 1 when what is there is stale. */
export async function generate(flags: GenerateFlags, options: GenerateOptions): Promise<number> {
  const { cwd } = options;
  const config = await loadConfig(cwd, flags.config);
  if (config === undefined)
    throw new VerbatimError('CONFIG_INVALID', `There is no verbatim.config.{ts,js,mjs} in ${cwd}. Name one with --config.`);
  const folder = openOutputFolder(resolve(cwd, flags.out));
  const name = flags.name ?? folder.made?.name ?? DEFAULT_NAME;
  if (!PACKAGE_NAME.test(name) || name.length > 214)
    throw new VerbatimError('BAD_INPUT', `"${name}" is not the name of a package. Choose another with --name.`);
  const contract = contractOf(config.options.agents);
  const files = packageFiles(contract, { name, verbatimVersion: readVersion() });
  const changes = folder.made === undefined ? [] : contractChanges(folder.made.contract, contract);
  return flags.check ? check(folder, files, changes, options) : write(folder, files, changes, options);
}

function check(
  folder: OutputFolder,
  files: ReadonlyMap<string, string>,
  changes: readonly ContractChange[],
  options: GenerateOptions,
): number {
  const { paint, print } = options;
  const where = shownPath(folder, options);
  if (folder.made === undefined) {
    print(`${paint.red('missing')} ${where}: nothing was generated there yet`);
    return 1;
  }
  const stale = staleFiles(folder, files);
  if (stale.length === 0) {
    print(`${paint.green('fresh')} ${where} is what the agents say`);
    return 0;
  }
  print(`${paint.red('stale')} ${where}: ${stale.join(', ')}`);
  if (changes.length === 0)
    print('The contract is the same: a file was edited, or written by another version of verbatim, or under another name.');
  printChanges(changes, options);
  print('Run verbatim generate without --check to write it anew.');
  return 1;
}

function write(
  folder: OutputFolder,
  files: ReadonlyMap<string, string>,
  changes: readonly ContractChange[],
  options: GenerateOptions,
): number {
  const { paint, print } = options;
  const stale = staleFiles(folder, files);
  if (stale.length === 0) {
    print(`${paint.green('unchanged')} ${shownPath(folder, options)}`);
    return 0;
  }
  writeOutputFolder(folder, files);
  const { name, version } = JSON.parse(files.get('package.json') ?? '{}') as { readonly name: string; readonly version: string };
  print(`${paint.green('wrote')} ${name} ${version} to ${shownPath(folder, options)}`);
  printChanges(changes, options);
  return 0;
}

function printChanges(changes: readonly ContractChange[], { paint, print }: GenerateOptions): void {
  const list = (title: string, some: readonly ContractChange[]): void => {
    if (some.length === 0) return;
    print(title);
    for (const { text } of some) print(`  ${text}`);
  };
  list(
    paint.red('Breaking changes:'),
    changes.filter(({ isBreaking }) => isBreaking),
  );
  list(
    'Other changes:',
    changes.filter(({ isBreaking }) => !isBreaking),
  );
}

function shownPath({ path }: OutputFolder, { cwd }: GenerateOptions): string {
  const short = relative(cwd, path);
  return short === '' ? '.' : short.startsWith('..') ? path : short;
}
