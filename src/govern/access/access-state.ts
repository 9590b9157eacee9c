import { type Clock, LakeError } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import { type AccessSecrets, readSecrets } from './access-secrets.ts';
import { type BoundSince, type CompiledPolicy, compilePolicy } from './compiled-policy.ts';
import { accessErrors } from './errors.ts';
import type { ExpressionParser } from './expression-parser.ts';
import { KeyRing } from './key-ring.ts';
import { type PolicyDocument, policySchema } from './policy-document.ts';
import type { Timer } from './timer.ts';

/** How old the last comparison with the store's counters may be when a request is identified. */
const FRESH_MS = 250;
/** A store that does not answer within this is a store that cannot be read (G-4 allows two seconds in all). */
const READ_TIMEOUT_MS = 1_500;

export interface LoadedPolicy {
  readonly compiled: CompiledPolicy;
  readonly since: BoundSince;
  readonly appliedMs: number | null;
  readonly appliedBy: string | null;
}

interface Loaded {
  readonly keysVersion: number;
  readonly policyVersion: number;
  readonly keys: KeyRing;
  readonly secrets: AccessSecrets;
  readonly policy: LoadedPolicy;
}

/**
 * Keys, delegations, secrets and policy in memory, kept true to the store by two counters that every change raises in its own
 * transaction. They are compared before a request is identified: at once after a change made here, and otherwise at
 * most `FRESH_MS` after one made elsewhere or one whose outcome was unknown. A store that cannot be read refuses
 * everything.
 */
export class AccessState {
  readonly #home: string;
  readonly #reader: MetastoreReader;
  readonly #parser: ExpressionParser;
  readonly #clock: Clock;
  readonly #timer: Timer;
  readonly #onChange: () => void;
  #loaded: Loaded | null = null;
  #comparedMs = Number.NEGATIVE_INFINITY;
  #comparing: Promise<void> | null = null;
  /** Counts loads, so that one that timed out and ends late cannot put back what it read. */
  #loads = 0;

  constructor(parts: {
    /** Whose `keys/` holds the secrets. */
    home: string;
    reader: MetastoreReader;
    parser: ExpressionParser;
    clock: Clock;
    timer: Timer;
    /** Told after keys, delegations or policy were read anew. */
    onChange: () => void;
  }) {
    this.#home = parts.home;
    this.#reader = parts.reader;
    this.#parser = parts.parser;
    this.#clock = parts.clock;
    this.#timer = parts.timer;
    this.#onChange = parts.onChange;
  }

  /** Throws `access.unavailable` where nothing could be read yet. */
  get keys(): KeyRing {
    return this.#present().keys;
  }

  /** Throws `access.unavailable` where nothing could be read yet. */
  get secrets(): AccessSecrets {
    return this.#present().secrets;
  }

  /** Throws `access.unavailable` where nothing could be read yet. */
  get policy(): LoadedPolicy {
    return this.#present().policy;
  }

  /** Makes sure the state is no older than allowed. Throws `access.unavailable`. */
  async ensureFresh(): Promise<void> {
    if (this.#loaded !== null && this.#clock.monotonicMs() - this.#comparedMs < FRESH_MS) return;
    await this.#compareOnce();
  }

  /** Compares with the store now, after a change was committed. */
  async refresh(): Promise<void> {
    this.#comparedMs = Number.NEGATIVE_INFINITY;
    // One that runs already may have read before the commit.
    await this.#comparing?.catch(() => undefined);
    await this.#compareOnce();
  }

  #present(): Loaded {
    if (this.#loaded === null) throw unavailable(null);
    return this.#loaded;
  }

  #compareOnce(): Promise<void> {
    this.#comparing ??= this.#compare().finally(() => {
      this.#comparing = null;
    });
    return this.#comparing;
  }

  async #compare(): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    try {
      await this.#withTimeout(this.#load());
      this.#comparedMs = startedMs;
    } catch (error) {
      throw unavailable(error);
    }
  }

  async #load(): Promise<void> {
    const load = ++this.#loads;
    const { queries } = this.#reader;
    const [state] = await this.#reader.read(
      queries.selectFrom('access_state').selectAll().where('id', '=', 1),
    );
    if (state === undefined) throw new Error('the table access_state is empty');
    const keysVersion = Number(state.keys_version);
    const policyVersion = Number(state.policy_version);
    const old = this.#loaded;
    const kept = old?.keysVersion === keysVersion ? old : null;
    const keys = kept?.keys ?? (await this.#readKeys());
    const secrets = kept?.secrets ?? (await this.#readSecrets());
    const policy = old?.policyVersion === policyVersion ? old.policy : await this.#readPolicy(policyVersion);
    if (kept !== null && policy === kept.policy) return;
    if (load !== this.#loads) return;
    this.#loaded = { keysVersion, policyVersion, keys, secrets, policy };
    this.#onChange();
  }

  async #readKeys(): Promise<KeyRing> {
    const { queries } = this.#reader;
    const keys = await this.#reader.read(queries.selectFrom('access_keys').selectAll());
    const delegations = await this.#reader.read(
      queries.selectFrom('access_delegations').selectAll().where('expires_ms', '>', this.#clock.nowMs()),
    );
    return new KeyRing(keys, delegations);
  }

  async #readSecrets(): Promise<AccessSecrets> {
    const rows = await this.#reader.read(this.#reader.queries.selectFrom('access_secrets').selectAll());
    return readSecrets(this.#home, rows);
  }

  async #readPolicy(version: number): Promise<LoadedPolicy> {
    if (version === 0) {
      const document: PolicyDocument = { roles: {}, masks: [], row_filters: [] };
      const since: BoundSince = new Map();
      const compiled = await compilePolicy({ document, version, since, parser: this.#parser });
      return { compiled, since, appliedMs: null, appliedBy: null };
    }
    const { queries } = this.#reader;
    const [row] = await this.#reader.read(
      queries.selectFrom('policy_versions').selectAll().where('version', '=', version),
    );
    if (row === undefined) throw new Error(`policy version ${version} is missing`);
    const document = policySchema.parse(JSON.parse(row.policy_json));
    const since: BoundSince = new Map(
      Object.entries(JSON.parse(row.bound_since_json) as Record<string, number>),
    );
    const compiled = await compilePolicy({ document, version, since, parser: this.#parser });
    return { compiled, since, appliedMs: Number(row.applied_ms), appliedBy: row.applied_by };
  }

  #withTimeout<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#timer.after(READ_TIMEOUT_MS, () => reject(new Error('the store did not answer')));
      work.then(resolve, reject).finally(cancel);
    });
  }
}

function unavailable(cause: unknown): LakeError {
  return new LakeError(accessErrors.unavailable, {
    detail: 'The keys or the policy cannot be read, so nothing is allowed. Try again.',
    cause,
  });
}
