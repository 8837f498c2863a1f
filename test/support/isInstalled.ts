import { spawnSync } from 'node:child_process';

/** Whether there is such a program here. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
