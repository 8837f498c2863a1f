import { join } from 'node:path';
import { openStore } from '../db/storeForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { testRunStore } from './testRunStore.ts';

testRunStore({ name: 'SQLite in memory', open: () => openStore() });
testRunStore({ name: 'SQLite on a file', open: () => openStore(join(tempFolder(), 'verbatim.db')) });
