import { join } from 'node:path';
import { openStore } from '../db/storeForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { testThreadStore } from './testThreadStore.ts';

testThreadStore({ name: 'SQLite in memory', open: () => openStore() });
testThreadStore({ name: 'SQLite on a file', open: () => openStore(join(tempFolder(), 'verbatim.db')) });
