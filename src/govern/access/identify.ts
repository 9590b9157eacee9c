import { type Clock, LakeError } from '../../base/index.ts';
import type { Identity } from '../scope/index.ts';
import type { Credentials } from './access-control.ts';
import type { AccessState } from './access-state.ts';
import { parseApiKey } from './api-key.ts';
import { verifyDelegation } from './delegation-token.ts';
import { accessErrors } from './errors.ts';
import type { KeyRing, VerifiedKey } from './key-ring.ts';
import type { KeyUse } from './key-use.ts';
import { ADMIN_ROLE } from './policy-document.ts';
import type { Liveness } from './revocation-watch.ts';

/** The identity of everyone where `[auth] enabled = false`. */
const LOCAL_ADMIN: Identity = Object.freeze({
  name: 'local',
  role: ADMIN_ROLE,
  attributes: new Map(),
  keyId: null,
  onBehalfOf: null,
});

/** What an identity was proved by: everything that has to stay valid. */
interface Proof {
  readonly validUntilMs: number | null;
  readonly delegationId: string | null;
}

/** Turns credentials into identities, and knows afterwards whether what proved one still holds. */
export class Identifier {
  readonly #state: AccessState;
  readonly #use: KeyUse;
  readonly #clock: Clock;
  readonly #enabled: boolean;
  readonly #proofs = new WeakMap<Identity, Proof>();

  constructor(parts: {
    state: AccessState;
    use: KeyUse;
    clock: Clock;
    /** False where `[auth] enabled = false`: everyone is the local administrator. */
    enabled: boolean;
  }) {
    this.#state = parts.state;
    this.#use = parts.use;
    this.#clock = parts.clock;
    this.#enabled = parts.enabled;
  }

  /** Throws `access.unauthenticated`, one same error for every reason; `access.unavailable` where no one can be known. */
  async identify(credentials: Credentials): Promise<Identity> {
    await this.#state.ensureFresh();
    if (!this.#enabled) {
      if (credentials.delegationToken !== null) throw unauthenticated();
      return LOCAL_ADMIN;
    }
    const nowMs = this.#clock.nowMs();
    const key = credentials.apiKey === null ? null : parseApiKey(credentials.apiKey);
    if (key === null) throw unauthenticated();
    const { keys, secrets } = this.#state;
    const verified = keys.verify(key, secrets.pepper, nowMs);
    if (verified === null) throw unauthenticated();
    const identity =
      credentials.delegationToken === null
        ? this.#remember(identityOf(verified, null), verified.validUntilMs, null)
        : this.#delegated(keys, verified, credentials.delegationToken, nowMs);
    this.#use.used({ row: verified.record.row, key, pepper: secrets.pepper, nowMs });
    return identity;
  }

  /** Whether the keys (and the delegation) behind an identity still hold. */
  liveness(identity: Identity): Liveness {
    const nowMs = this.#clock.nowMs();
    const proof = this.#proofs.get(identity);
    const ends: number[] = [];
    if (typeof proof?.validUntilMs === 'number') ends.push(proof.validUntilMs);
    for (const keyId of [identity.keyId, identity.onBehalfOf?.keyId ?? null]) {
      if (keyId === null) continue;
      const record = this.#state.keys.live(keyId, nowMs);
      if (record === null) return { live: false };
      if (record.row.expires_ms !== null) ends.push(record.row.expires_ms);
    }
    if (typeof proof?.delegationId === 'string') {
      const delegation = this.#state.keys.delegation(proof.delegationId);
      if (delegation === null || delegation.revoked_ms !== null) return { live: false };
      ends.push(delegation.expires_ms);
    }
    const untilMs = ends.length === 0 ? null : Math.min(...ends);
    return untilMs !== null && untilMs <= nowMs ? { live: false } : { live: true, untilMs };
  }

  #delegated(keys: KeyRing, agent: VerifiedKey, token: string, nowMs: number): Identity {
    const claims = verifyDelegation(token, this.#state.secrets.delegation);
    const delegation = claims === null ? null : keys.delegation(claims.delegationId);
    if (claims === null || delegation === null || delegation.revoked_ms !== null) throw unauthenticated();
    const person = keys.live(delegation.person_key_id, nowMs);
    const holds =
      claims.personKeyId === delegation.person_key_id &&
      claims.agentKeyId === delegation.agent_key_id &&
      claims.expiresMs === delegation.expires_ms &&
      delegation.agent_key_id === agent.record.row.key_id &&
      delegation.expires_ms > nowMs;
    if (!holds || person === null) throw unauthenticated();
    const personIdentity = identityOf({ record: person, validUntilMs: null }, null);
    return this.#remember(identityOf(agent, personIdentity), agent.validUntilMs, claims.delegationId);
  }

  #remember(identity: Identity, validUntilMs: number | null, delegationId: string | null): Identity {
    this.#proofs.set(identity, { validUntilMs, delegationId });
    return identity;
  }
}

function identityOf(verified: VerifiedKey, onBehalfOf: Identity | null): Identity {
  const { row, attributes } = verified.record;
  return Object.freeze({ name: row.name, role: row.role, attributes, keyId: row.key_id, onBehalfOf });
}

function unauthenticated(): LakeError {
  return new LakeError(accessErrors.unauthenticated, { detail: 'A valid key is needed in X-API-Key.' });
}
