import { expect, test } from 'vitest';
import { networkDiskName } from '../../src/db/networkDisk.ts';

test.for([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB2'],
  [0xff534d42, 'CIFS'],
  [0xff534d42 | 0, 'CIFS'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
] as const)('%i is %s', ([type, name]) => {
  expect(networkDiskName(type)).toBe(name);
});

test.for([
  ['ext4', 0xef53],
  ['xfs', 0x58465342],
  ['btrfs', 0x9123683e],
  ['tmpfs', 0x01021994],
  ['overlay', 0x794c7630],
  ['9p', 0x01021997],
  ['fuse', 0x65735546],
  ['unknown', 0],
] as const)('%s is none', ([, type]) => {
  expect(networkDiskName(type)).toBeUndefined();
});
