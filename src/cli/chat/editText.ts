import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VerbatimError } from '../../protocol/verbatimError.ts';

/**
 * Lets the person edit a text in their editor, which has the terminal meanwhile; resolves with what they saved. Throws `CANCELLED` when the
 * editor ended with an error, and `CONFIG_INVALID` when there is none. Only they can read the file, which is gone afterwards.
 */
export async function editText(text: string, fileName: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const editor = env.VISUAL || env.EDITOR || (process.platform === 'win32' ? 'notepad' : 'vi');
  const folder = await mkdtemp(join(tmpdir(), 'verbatim-edit-'));
  // A Ctrl-C that is for the editor is for it alone.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const file = join(folder, fileName);
    await writeFile(file, text, { mode: 0o600 });
    const code = await runEditor(editor, file);
    if (code === 127) throw new VerbatimError('CONFIG_INVALID', `There is no editor "${editor}". Name one in EDITOR.`);
    if (code !== 0) throw new VerbatimError('CANCELLED', `The editor ended with ${code}: nothing was sent`);
    return await readFile(file, 'utf8');
  } finally {
    process.off('SIGINT', ignore);
    await rm(folder, { recursive: true, force: true });
  }
}

/** By the shell: `EDITOR` may hold options, as in `code --wait`. */
function runEditor(editor: string, file: string): Promise<number> {
  const child =
    process.platform === 'win32'
      ? spawn(`${editor} "${file}"`, { stdio: 'inherit', shell: true })
      : spawn('/bin/sh', ['-c', `${editor} "$1"`, 'editor', file], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
