// Run by checkpoints.test.ts: opens the database and leaves it open, with nothing else to do.
import { openDatabase } from '../../src/db/openDatabase.ts';

openDatabase({ file: process.argv[2] ?? '' }).recordHighWater(1);
