/** By the type number that Linux's statfs reports. */
const NETWORK_DISKS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB2'],
  [0xff534d42, 'CIFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
]);

/**
 * The name of a network disk on which SQLite's write-ahead log cannot work: its shared memory and its locks do not cross machines.
 * Undefined for all others, also those that may or may not be remote (FUSE, 9p), which are used on one machine and do work there.
 */
export function networkDiskName(statfsType: number): string | undefined {
  // A 32-bit field: some platforms report it with a sign.
  return NETWORK_DISKS.get(statfsType >>> 0);
}
