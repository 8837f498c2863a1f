// Run by migrate.test.ts, and killed on the way.
import { openDatabase } from '../../src/db/openDatabase.ts';
import { FAMILY, SLOW } from './fixtureMigrations.ts';

openDatabase({ file: process.argv[2] ?? '', migrations: [FAMILY, SLOW] });
