import { join } from 'node:path';
import { openStore } from '../db/storeForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { testMemoryStore } from './testMemoryStore.ts';

testMemoryStore({ name: 'SQLite in memory', open: () => openStore() });
testMemoryStore({ name: 'SQLite on a file', open: () => openStore(join(tempFolder(), 'verbatim.db')) });
