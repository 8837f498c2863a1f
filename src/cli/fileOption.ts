import { Option } from 'commander';

/** Of commands that work on the file: they need no server, and none to be stopped. */
export const fileOption = (): Option =>
  new Option('--db <file>', 'database file; a server may be running on it').env('VERBATIM_DB').default('verbatim.db');
