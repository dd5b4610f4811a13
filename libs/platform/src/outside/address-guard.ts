import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { invalid, type CairnError } from '@cairn/kernel';
import ipaddr from 'ipaddr.js';

/** What is allowed of the address of an outside system, from configuration. */
export interface AddressRules {
  /** Plain http, for the sandbox of demo mode. */
  readonly allowHttp: boolean;
  /** Targets in one's own network: private and loopback addresses. */
  readonly allowPrivate: boolean;
}

/** Ranges of one's own network (RFC 1918, RFC 4193, RFC 6598, and the host itself). Link-local is none: clouds answer there with credentials. */
const OWN_NETWORK = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'];

/**
 * Whether Cairn may connect to an IP address: one of the public Internet, and one's own network where that is allowed. Link-local, reserved
 * and multicast addresses, and tunnels into others, never (RFC 6890).
 */
export function mayConnect(address: string, { allowPrivate }: Pick<AddressRules, 'allowPrivate'>): boolean {
  if (!ipaddr.isValid(address)) return false;
  const range = ipaddr.process(address).range();
  return range === 'unicast' || (allowPrivate && OWN_NETWORK.includes(range));
}

const refuse = (field: string, message: string): CairnError =>
  invalid(`The address is refused: ${message}`, { code: 'unsafe-address', issues: [{ path: field, message }] });

/**
 * The URL, if Cairn may call it. Refuses, naming `field`, what is not https (http in demo mode), carries a user name or password, or names
 * a private address literally. A host name is judged again when it is resolved, by {@link guardedLookup}.
 */
export function safeUrl(text: string, rules: AddressRules, field: string): URL {
  if (!URL.canParse(text)) throw refuse(field, 'it is not a URL; give it in full, such as https://ehr.example.org/fhir.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(rules.allowHttp && url.protocol === 'http:')) throw refuse(field, 'it must begin with https://.');
  if (url.username || url.password) throw refuse(field, 'it must not carry a user name or password.');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) && !mayConnect(host, rules)) throw refuse(field, PRIVATE);
  return url;
}

const PRIVATE = 'it leads to a private, loopback or link-local address; set ALLOW_PRIVATE_EHR_HOSTS=true if it stands in your own network.';

/** Thrown at connect time when a name resolves to an address that is not allowed. */
export class PrivateAddress extends Error {
  readonly code = 'CAIRN_PRIVATE_ADDRESS';
}

/**
 * Resolves a host name as Node does, and refuses private addresses at the moment of connecting: a name that was public when it was
 * checked may point elsewhere now (DNS rebinding).
 */
export const guardedLookup =
  ({ allowPrivate }: Pick<AddressRules, 'allowPrivate'>): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, []);
      if (addresses.some(({ address }) => !mayConnect(address, { allowPrivate }))) return callback(new PrivateAddress(`The name ${PRIVATE.replace('it leads', 'leads')}`), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return first ? callback(null, first.address, first.family) : callback(new Error('The name has no address.'), []);
    });
  };
