import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { readVersion } from './readVersion.ts';

export interface InitFlags {
  /** What the project depends on: a version, a range, a tarball or a folder. */
  readonly package?: string;
  readonly force?: boolean;
  readonly install?: boolean;
}

export interface InitOptions {
  /** What paths are relative to. */
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  print(line: string): void;
}

const TEMPLATE = fileURLToPath(new URL('../../templates/project/', import.meta.url));
/** Under which the template's files know the project. */
const TEMPLATE_NAME = 'my-agents';
/** A folder with nothing else is new. */
const NO_CONTENT = new Set(['.git', '.DS_Store']);

/** Writes a new project. Throws `BAD_INPUT`, and writes nothing, where something is already, unless it is forced. */
export async function init(given: string, flags: InitFlags, { cwd, environment, print }: InitOptions): Promise<void> {
  const folder = resolve(cwd, given);
  await assertNew(folder, flags);
  const name = packageName(folder);
  const spec = packageSpec(flags.package, cwd);
  const files = (await readdir(TEMPLATE, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(TEMPLATE, join(entry.parentPath, entry.name)))
    .sort();
  for (const file of files) {
    const text = await readFile(join(TEMPLATE, file), 'utf8');
    // npm leaves files of that name out of a package.
    const target = join(folder, file.replace(/^_gitignore$/, '.gitignore'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file === 'package.json' ? packageJson(text, name, spec) : text.replaceAll(TEMPLATE_NAME, name));
  }

  const manager = /^(npm|pnpm|yarn|bun)\//.exec(environment.npm_config_user_agent ?? '')?.[1] ?? 'npm';
  if (flags.install) await install(manager, folder);
  const where = relative(cwd, folder);
  print(`${where === '' ? 'This folder' : where} has a new project. Next:\n`);
  if (where !== '') print(`  cd ${/^[\w./-]+$/.test(where) ? where : JSON.stringify(where)}`);
  if (!flags.install) print(`  ${manager} install`);
  print(`  ${manager} run dev     the page at http://localhost:5173, the console at http://localhost:3000`);
  print(`  ${manager} test        the agents, without a network`);
  print('\nIt works without a key. For a real model set OPENAI_API_KEY first.');
}

async function assertNew(folder: string, { force }: InitFlags): Promise<void> {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new VerbatimError('BAD_INPUT', `${folder} is a file. Name a folder.`);
  const found = (await readdir(folder)).filter((name) => !NO_CONTENT.has(name));
  if (found.length === 0 || force) return;
  const named = `${found.slice(0, 3).join(', ')}${found.length > 3 ? ', ...' : ''}`;
  throw new VerbatimError(
    'BAD_INPUT',
    `${folder} is not empty: it has ${named}. Name a new folder, or take --force, which replaces files of the same names.`,
  );
}

/** The folder's name, as far as npm takes it. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9~-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 200);
  return name === '' || name === 'verbatim-agents' ? TEMPLATE_NAME : name;
}

function packageSpec(given: string | undefined, cwd: string): string {
  if (given === undefined) return `^${readVersion()}`;
  const spec = given.replace(/^verbatim-agents@/, '');
  const path = resolve(cwd, spec);
  // A version is no file; what has a scheme is npm's to understand.
  if (!/^[a-z+]+:/i.test(spec) && existsSync(path)) return `file:${path}`;
  if (/[\\/]|\.tgz$/.test(spec) && !/^[a-z+]+:/i.test(spec)) throw new VerbatimError('BAD_INPUT', `There is no package ${path}.`);
  return spec;
}

function packageJson(text: string, name: string, spec: string): string {
  const template = JSON.parse(text) as { readonly dependencies: Readonly<Record<string, string>> };
  const dependencies = { ...template.dependencies, 'verbatim-agents': spec };
  return `${JSON.stringify({ ...template, name, dependencies }, null, 2)}\n`;
}

async function install(manager: string, cwd: string): Promise<void> {
  const child = spawn(manager, ['install'], { cwd, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new VerbatimError('INTERNAL', `${manager} install failed in ${cwd}. The project is there: run it again.`);
}
