import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Contract } from '../../agents/contractOf.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { CONTRACT_FILE } from './packageFiles.ts';
import { storedContract } from './storedContract.ts';

/** What lies where the package is to be. */
export interface OutputFolder {
  readonly path: string;
  /** Absent: there is nothing yet. */
  readonly made?: {
    readonly name: string | undefined;
    readonly contract: Contract;
    /** The files that the package says it has. */
    readonly files: ReadonlyMap<string, string>;
  };
}

/** Reads the folder. Throws `OUTPUT_REFUSED` for one that `generate` did not make: nothing of anybody else's is overwritten. */
export function openOutputFolder(path: string): OutputFolder {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { path };
  if (!stats.isDirectory()) throw refused(`${path} is not a folder. Name another with --out.`);
  // A repository that is to have nothing else is empty too.
  if (readdirSync(path).every((name) => name === '.git')) return { path };
  const contract = storedContract(parsed(readIfThere(join(path, CONTRACT_FILE))));
  if (contract === undefined) {
    throw refused(`${path} is not empty, and was not made by \`verbatim generate\`. Name another folder with --out, or empty it.`);
  }
  const manifest = parsed(readIfThere(join(path, 'package.json')));
  const { name, files = [] } = isRecord(manifest) ? manifest : {};
  const own = [...(Array.isArray(files) ? files : []), 'package.json', 'README.md', CONTRACT_FILE].filter(isPlainName);
  const texts = own.flatMap((file) => {
    const text = readIfThere(join(path, file));
    return text === undefined ? [] : [[file, text] as const];
  });
  return { path, made: { name: typeof name === 'string' ? name : undefined, contract, files: new Map(texts) } };
}

/**
 * Writes all files beside the folder first, and moves them when all are there: a failure leaves what was. In a folder that is there already,
 * what is not the package's own, such as `node_modules`, stays.
 */
export function writeOutputFolder({ path, made }: OutputFolder, files: ReadonlyMap<string, string>): void {
  const isThere = existsSync(path);
  // A link may lead to another disk, onto which nothing can be moved.
  const folder = isThere ? realpathSync(path) : path;
  const staged = join(dirname(folder), `.${basename(folder)}.${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(staged, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(staged, name), text);
    if (!isThere) {
      renameSync(staged, folder);
      return;
    }
    const taken = [...files.keys()].find((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === false);
    if (taken !== undefined) throw new Error(`${taken} is there, and is not a file`);
    for (const name of files.keys()) renameSync(join(staged, name), join(folder, name));
    for (const name of made?.files.keys() ?? []) if (!files.has(name)) rmSync(join(folder, name), { force: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VerbatimError('OUTPUT_REFUSED', `${path} cannot be written: ${reason}`, { cause });
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** Files that differ from what they should be, by name. */
export function staleFiles({ made }: OutputFolder, files: ReadonlyMap<string, string>): string[] {
  const there = made?.files ?? new Map<string, string>();
  return [...new Set([...there.keys(), ...files.keys()])].filter((name) => there.get(name) !== files.get(name)).sort();
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // Not ours, then.
  }
}

function readIfThere(file: string): string | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, 'utf8') : undefined;
}

const refused = (message: string): VerbatimError => new VerbatimError('OUTPUT_REFUSED', message);
const isPlainName = (name: unknown): name is string => typeof name === 'string' && /^[\w-]+(?:\.[\w-]+)*$/.test(name);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
