import ipaddr from 'ipaddr.js';

/**
 * Whether an IP address is one of the public internet. Those of this machine, of a private, shared or link-local network, and those that carry
 * an IPv4 address inside (mapped, NAT64, 6to4, Teredo), are not: what they reach depends on the network they are used in.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  // Nothing else of IPv6 is given out: `unicast` is what no special range holds.
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
