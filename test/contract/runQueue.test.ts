import { localRunQueue } from '../../src/server/runQueue.ts';
import { testRunQueue } from './testRunQueue.ts';

testRunQueue({ name: 'in one process', open: localRunQueue });
