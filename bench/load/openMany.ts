/** Connections that are opened at once. */
const OPENING = 50;

/** Opens them a few at a time, in order. Rejects when one cannot be opened. */
export async function openMany<Connection>(count: number, open: (index: number) => Promise<Connection>): Promise<Connection[]> {
  const opened: Connection[] = new Array(count);
  let next = 0;
  const openNext = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) opened[index] = await open(index);
  };
  await Promise.all(Array.from({ length: Math.min(OPENING, count) }, openNext));
  return opened;
}
