import { createRequire } from 'node:module';

/**
 * What a file that jiti loads imports as `verbatim-agents`: the package that runs, installed beside the file or not, and never a second copy.
 * `zod` is the file's own where it has one, else ours.
 */
export async function ownModules(file: string): Promise<Record<string, unknown>> {
  const modules: Record<string, unknown> = {
    'verbatim-agents': await import('../index.ts'),
    'verbatim-agents/client': await import('../client/index.node.ts'),
    'verbatim-agents/testing': await import('../testing/index.ts'),
  };
  if (!canResolve(file, 'zod')) modules.zod = await import('zod');
  return modules;
}

function canResolve(file: string, specifier: string): boolean {
  try {
    createRequire(file).resolve(specifier);
    return true;
  } catch {
    return false; // Not installed there: the only thing that is asked.
  }
}
