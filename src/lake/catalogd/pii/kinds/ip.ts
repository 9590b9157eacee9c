import { isIP } from 'node:net';
import { joined, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'ip',
    'ips',
    'ip address',
    'ipaddress',
    'ipv 4',
    'ipv 6',
    'remote addr',
    'remote address',
    'client addr',
    'x forwarded for',
    'forwarded for',
  ],
  denies: [
    'rating',
    'version',
    'firmware',
    'release',
    'build',
    'oid',
    'agent',
    'subnet',
    'cidr',
    'netmask',
    'protection',
    'class',
    'count',
    'hash',
  ],
};

/** Versions of four parts start low (`2.14.0.7`); addresses handed out to people rarely do. */
const LOW_FIRST_PART = 10;

/** `pii.ip`: IPv4 and IPv6 addresses, not networks. */
export const ipKind: PiiKind = {
  tag: 'pii.ip',
  confidence(column) {
    const signal = nameSignal(column.name, PHRASES);
    const addresses = column.values.filter((value) => isIP(value) !== 0);
    const share = column.values.length === 0 ? 0 : addresses.length / column.values.length;
    const low = shareOf(
      addresses,
      (value) => isIP(value) === 4 && Number.parseInt(value, 10) < LOW_FIRST_PART,
    );
    return joined(signal, column, { share, aloneFrom: low > 0.3 ? null : 0.9 });
  },
};
