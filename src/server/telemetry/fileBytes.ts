import { stat } from 'node:fs/promises';

/** 0 for none, and for one that is not there. */
export async function fileBytes(file: string | undefined): Promise<number> {
  if (file === undefined) return 0;
  try {
    return (await stat(file)).size;
  } catch {
    return 0; // There is no log of its own when all of it is in the file.
  }
}
