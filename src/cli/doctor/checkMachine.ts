import { loadSqlite } from '../../db/sqlite.ts';
import { type Finding, ok, problem, problemOfError, warning } from './finding.ts';

/** What package.json asks for, as `engines`. */
const FIRST_NODE = [20, 19] as const;
/** Files, the database, providers and whatever tools open, besides connections. */
const OTHER_DESCRIPTORS = 256;
const FEW_DESCRIPTORS = 4_096;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < FIRST_NODE[0] || (major === FIRST_NODE[0] && minor < FIRST_NODE[1]);
  if (isOld) return problem('node', `This is Node ${version}; Verbatim needs ${FIRST_NODE.join('.')} or later.`, 'Install Node 24.');
  if (major % 2 === 1) {
    return warning('node', `Node ${version} is of a line without long-term support.`, 'Use a line of an even number, such as Node 24.');
  }
  return ok('node', `Node ${version}, ${process.platform} ${process.arch}`);
}

/** Loads the native module, as the server will. */
export function checkSqlite(load: typeof loadSqlite = loadSqlite): Finding {
  try {
    const { Database } = load();
    const memory = new Database(':memory:');
    const version = memory.prepare<[], string>('select sqlite_version()').pluck().get();
    memory.close();
    return ok('sqlite', `SQLite ${version}, by the module that this Node takes`);
  } catch (cause) {
    return problemOfError('sqlite', cause);
  }
}

/** Each connection takes a descriptor. `maxConnections` is the limit of the server. */
export function checkDescriptors(maxConnections: number, limit: number | null = openFilesLimit()): Finding {
  if (limit === null) return ok('descriptors', 'no limit is known here');
  if (limit === Number.POSITIVE_INFINITY) return ok('descriptors', 'no limit');
  const room = limit - OTHER_DESCRIPTORS;
  const remedy = 'Raise it: `LimitNOFILE=` of systemd, `ulimits` of a container, `ulimit -n` of a shell.';
  const said = `${limit.toLocaleString('en')} files and sockets may be open at once`;
  if (Number.isFinite(maxConnections) && room < maxConnections) {
    return warning(
      'descriptors',
      `${said}; ${maxConnections.toLocaleString('en')} connections, which is \`limits.maxConnections\`, and the server's own files need ${(maxConnections + OTHER_DESCRIPTORS).toLocaleString('en')}.`,
      remedy,
    );
  }
  if (limit < FEW_DESCRIPTORS) return warning('descriptors', `${said}, which is room for ${Math.max(0, room)} connections.`, remedy);
  return ok('descriptors', said);
}

/** Null where nobody says. Node raises the soft limit to the hard one by itself: what its report says is what holds. */
function openFilesLimit(): number | null {
  // The report is typed as an object; its `userLimits` is absent on Windows.
  const { userLimits } = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { readonly soft: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : typeof soft === 'number' ? soft : null;
}
