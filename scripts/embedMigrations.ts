import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Journal {
  readonly entries: readonly { readonly idx: number; readonly tag: string }[];
}

/**
 * The text of `src/db/migrations.ts`: what drizzle-kit wrote into `folder`, as TypeScript, so that the package needs no files beside its code.
 * Triggers, of which drizzle-kit knows nothing, are in files of the same name in `triggers/`, and follow it.
 */
export function embedMigrations(folder: URL): string {
  const journal: Journal = JSON.parse(readFileSync(new URL('meta/_journal.json', folder), 'utf8'));
  const entries = [...journal.entries]
    .sort((a, b) => a.idx - b.idx)
    .map(({ tag }) => {
      const triggers = new URL(`triggers/${tag}.sql`, folder);
      const files = [new URL(`${tag}.sql`, folder), ...(existsSync(triggers) ? [triggers] : [])];
      const sql = files.map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n')).join('\n--> statement-breakpoint\n');
      const hash = createHash('sha256').update(sql).digest('hex');
      const text = sql.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
      return `  {\n    name: '${tag}',\n    hash: '${hash}',\n    sql: \`${text}\`,\n  },\n`;
    });
  return `// Made by \`npm run db:generate\` from src/db/migrations. Do not edit.
import type { Migration } from './migrate.ts';

export const MIGRATIONS: readonly Migration[] = [\n${entries.join('')}];\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const db = new URL('../src/db/', import.meta.url);
  writeFileSync(new URL('migrations.ts', db), embedMigrations(new URL('migrations/', db)));
}
