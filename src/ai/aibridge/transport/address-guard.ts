import { BlockList, isIP } from 'node:net';

/**
 * Where an address leads: `private` is loopback and the private ranges, which an administrator may allow for a provider;
 * `forbidden` is never connected to: link-local with the metadata services, carrier-grade NAT, multicast, unspecified,
 * reserved, and the IPv6 forms that stand for an IPv4 address elsewhere (K-10).
 */
export type AddressKind = 'public' | 'private' | 'forbidden';

/** IPv4 as RFC 6890 has it. Metadata services sit in 169.254.0.0/16, 100.64.0.0/10 and 192.0.0.0/24. */
const FORBIDDEN_IPV4 = subnets('ipv4', [
  '0.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
const PRIVATE_IPV4 = subnets('ipv4', ['10.0.0.0/8', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']);

/** A metadata service within the private range, and within 2000::/3 what is no place of its own (Teredo, 6to4, documentation). */
const FORBIDDEN_IPV6 = subnets('ipv6', [
  'fd00:ec2::/32',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);
const PRIVATE_IPV6 = subnets('ipv6', ['::1/128', 'fc00::/7']);
/** All of IPv6 that is given out; what lies outside is forbidden without being listed. */
const PUBLIC_IPV6 = subnets('ipv6', ['2000::/3']);

/** What kind of place an IP address is; anything that is no IP address is forbidden. */
export function addressKind(address: string): AddressKind {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) === 4) return kindOfIpv4(plain);
  if (isIP(plain) !== 6) return 'forbidden';
  const embedded = mappedIpv4(plain);
  if (embedded !== null) return kindOfIpv4(embedded);
  if (FORBIDDEN_IPV6.check(plain, 'ipv6')) return 'forbidden';
  if (PRIVATE_IPV6.check(plain, 'ipv6')) return 'private';
  return PUBLIC_IPV6.check(plain, 'ipv6') ? 'public' : 'forbidden';
}

function kindOfIpv4(address: string): AddressKind {
  if (FORBIDDEN_IPV4.check(address, 'ipv4')) return 'forbidden';
  return PRIVATE_IPV4.check(address, 'ipv4') ? 'private' : 'public';
}

/** The IPv4 address in `::ffff:a.b.c.d`, however it is written; the URL parser brings each form to one. */
function mappedIpv4(address: string): string | null {
  const canonical = new URL(`http://[${address}]/`).hostname;
  const groups = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(canonical);
  if (groups === null) return null;
  const [high, low] = [Number.parseInt(groups[1] ?? '', 16), Number.parseInt(groups[2] ?? '', 16)];
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}

function subnets(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), family);
  }
  return list;
}
