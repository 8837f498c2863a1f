import { localBell } from '../../src/server/bell.ts';
import { testBell } from './testBell.ts';

testBell({ name: 'in one process', open: localBell });
