import { join } from 'node:path';
import { openStore } from '../db/storeForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { testLog } from './testLog.ts';

testLog({ name: 'SQLite in memory', open: () => openStore() });
testLog({ name: 'SQLite on a file', open: () => openStore(join(tempFolder(), 'verbatim.db')) });
