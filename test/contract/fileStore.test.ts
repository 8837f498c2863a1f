import { join } from 'node:path';
import { openStore } from '../db/storeForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { testFileStore } from './testFileStore.ts';

testFileStore({ name: 'SQLite in memory', open: () => openStore() });
testFileStore({ name: 'SQLite on a file', open: () => openStore(join(tempFolder(), 'verbatim.db')) });
