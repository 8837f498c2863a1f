import { Option } from 'commander';

/** Of commands that work on the file: they need no server, and none to be stopped but where the description says so. */
export const fileOption = (description = 'database file; a server may be running on it'): Option =>
  new Option('--db <file>', description).env('VERBATIM_DB').default('verbatim.db');
