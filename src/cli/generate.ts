import { relative } from 'node:path';
import { contractOf } from '../agents/contractOf.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type ContractChange, contractChanges } from './generate/contractChanges.ts';
import { type OutputFolder, openOutputFolder, staleFiles, writeOutputFolder } from './generate/outputFolder.ts';
import { packageFiles } from './generate/packageFiles.ts';
import { loadConfig } from './loadConfig.ts';
import { paintFor } from './paint.ts';
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

/** Writes the client package, or with `check` only looks at it. Resolves to the exit code: 1 when what is there is stale. */
export async function generate(flags: GenerateFlags, cwd = process.cwd()): Promise<number> {
  const config = await loadConfig(cwd, flags.config);
  if (config === undefined)
    throw new VerbatimError('CONFIG_INVALID', `There is no verbatim.config.{ts,js,mjs} in ${cwd}. Name one with --config.`);
  const folder = openOutputFolder(flags.out);
  const name = flags.name ?? folder.made?.name ?? DEFAULT_NAME;
  if (!PACKAGE_NAME.test(name) || name.length > 214)
    throw new VerbatimError('BAD_INPUT', `"${name}" is not the name of a package. Choose another with --name.`);
  const contract = contractOf(config.options.agents);
  const files = packageFiles(contract, { name, verbatimVersion: readVersion() });
  const changes = folder.made === undefined ? [] : contractChanges(folder.made.contract, contract);
  return flags.check ? check(folder, files, changes) : write(folder, files, changes);
}

function check(folder: OutputFolder, files: ReadonlyMap<string, string>, changes: readonly ContractChange[]): number {
  const paint = paintFor(process.stdout);
  const where = shownPath(folder);
  if (folder.made === undefined) {
    say(`${paint.red('missing')} ${where}: nothing was generated there yet`);
    return 1;
  }
  const stale = staleFiles(folder, files);
  if (stale.length === 0) {
    say(`${paint.green('fresh')} ${where} is what the agents say`);
    return 0;
  }
  say(`${paint.red('stale')} ${where}: ${stale.join(', ')}`);
  if (changes.length === 0)
    say('The contract is the same: a file was edited, or written by another version of verbatim, or under another name.');
  sayChanges(changes);
  say('Run verbatim generate without --check to write it anew.');
  return 1;
}

function write(folder: OutputFolder, files: ReadonlyMap<string, string>, changes: readonly ContractChange[]): number {
  const paint = paintFor(process.stdout);
  const stale = staleFiles(folder, files);
  if (stale.length === 0) {
    say(`${paint.green('unchanged')} ${shownPath(folder)}`);
    return 0;
  }
  writeOutputFolder(folder, files);
  const { name, version } = JSON.parse(files.get('package.json') ?? '{}') as { readonly name: string; readonly version: string };
  say(`${paint.green('wrote')} ${name} ${version} to ${shownPath(folder)}`);
  sayChanges(changes);
  return 0;
}

function sayChanges(changes: readonly ContractChange[]): void {
  const paint = paintFor(process.stdout);
  const list = (title: string, some: readonly ContractChange[]): void => {
    if (some.length === 0) return;
    say(title);
    for (const { text } of some) say(`  ${text}`);
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

function shownPath({ path }: OutputFolder): string {
  const short = relative(process.cwd(), path);
  return short === '' ? '.' : short.startsWith('..') ? path : short;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
