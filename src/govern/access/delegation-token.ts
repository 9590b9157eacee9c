import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { VersionedSecret } from './key-files.ts';

/** What a delegation token says; signed, so that none of it can be changed. */
export interface DelegationClaims {
  readonly delegationId: string;
  readonly personKeyId: string;
  readonly agentKeyId: string;
  readonly expiresMs: number;
}

const FORM = /^lhd_([0-9]{1,9})_([A-Za-z0-9_-]{1,800})\.([A-Za-z0-9_-]{43})$/;
const claimsSchema = z.strictObject({ d: z.string(), p: z.string(), a: z.string(), e: z.int() });

/** `lhd_<secret version>_<claims>.<HMAC-SHA256 of all before the dot>`, both base64url. */
export function signDelegation(claims: DelegationClaims, secret: VersionedSecret): string {
  const { delegationId: d, personKeyId: p, agentKeyId: a, expiresMs: e } = claims;
  const payload = Buffer.from(JSON.stringify({ d, p, a, e })).toString('base64url');
  const body = `lhd_${secret.current.version}_${payload}`;
  return `${body}.${mac(body, secret.current.key).toString('base64url')}`;
}

/** The claims of a token that this server signed, or null. Whether they still hold is for the caller to ask. */
export function verifyDelegation(token: string, secret: VersionedSecret): DelegationClaims | null {
  const parts = token.length <= 1_024 ? FORM.exec(token) : null;
  if (parts === null) return null;
  const [, version = '', payload = '', signature = ''] = parts;
  const signing = secret.version(Number(version));
  const expected = mac(token.slice(0, token.lastIndexOf('.')), signing ?? secret.current.key);
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected) || signing === null) return null;
  // The last character of base64url holds spare bits: only the one spelling is ours.
  if (given.toString('base64url') !== signature) return null;
  const claims = claimsSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  if (!claims.success) return null;
  const { d, p, a, e } = claims.data;
  return { delegationId: d, personKeyId: p, agentKeyId: a, expiresMs: e };
}

function mac(text: string, secret: KeyObject): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}
