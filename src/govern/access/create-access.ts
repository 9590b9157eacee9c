import {
  type Clock,
  type IdGenerator,
  type IdSource,
  isLakeError,
  type Statement,
} from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { AnyOperation, EventDraft, HttpRoute } from '../scope/index.ts';
import type { AccessControl } from './access-control.ts';
import type { AccessParts, DatasetDirectory } from './access-parts.ts';
import { AccessState } from './access-state.ts';
import { auditRetention, createAuditStatements } from './audit-rows.ts';
import { authoriseDemand, maskedTags, mayUseModel, mayUseTool } from './authorise-demand.ts';
import { DecisionCache } from './decision-cache.ts';
import { accessErrors } from './errors.ts';
import { createExpiryClock } from './expiry-clock.ts';
import type { ExpressionParser } from './expression-parser.ts';
import { Identifier } from './identify.ts';
import { KeyUse } from './key-use.ts';
import { readAudit } from './operations/audit.ts';
import { createDelegation, listDelegations, revokeDelegation } from './operations/delegations.ts';
import { explain } from './operations/explain.ts';
import { createKey, listKeys, revokeKey, rotateKey } from './operations/keys.ts';
import { whoAmI } from './operations/me.ts';
import { getPolicies, listRoles, putPolicies } from './operations/policies.ts';
import { rotateSecret } from './operations/secrets.ts';
import { planPolicyChange } from './policy-change.ts';
import { parsePolicyToml } from './policy-toml.ts';
import { RevocationWatch } from './revocation-watch.ts';
import { accessRoutes } from './routes.ts';
import type { Timer } from './timer.ts';

/** The room as main sees it. */
export interface Access {
  readonly control: AccessControl;
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /** Key material of the mask `hash`, for the room that compiles masks into scans; asked for each time it is needed. */
  readonly maskHashKey: Uint8Array;
  /** Times of last use waiting to be written; to be committed with other work, at least every minute. */
  pendingTouches(): readonly Statement[];
  /** Removes audit rows past their retention; null where there are none. To be committed now and then. */
  auditRetention(nowMs: number): Promise<Statement | null>;
  /**
   * The change that applies `access.toml` where no policy was ever applied; null afterwards. Main commits it with its
   * event and calls `refresh`. Throws `access.invalid_policy`.
   */
  firstPolicy(
    toml: string,
    fileName: string,
  ): Promise<{ readonly statements: readonly Statement[]; readonly event: EventDraft } | null>;
  /** Reads keys and policy again, after a commit that went past the operations. */
  refresh(): Promise<void>;
  close(): void;
}

export interface AccessOptions {
  /** The home directory, whose `keys/` holds this room's secrets. */
  readonly home: string;
  readonly config: Config;
  readonly reader: MetastoreReader;
  readonly parser: ExpressionParser;
  /** Called when datasets are listed or explained, never while starting. */
  readonly directory: () => DatasetDirectory;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: IdSource;
  readonly ids: IdGenerator;
}

/**
 * Loads secrets, keys and policy and returns the room. Throws `access.key_file_unusable` or `access.unavailable` where one
 * of them cannot be read: without them the server does not start.
 */
export async function createAccess(options: AccessOptions): Promise<Access> {
  const { home, reader, clock, timer, config, parser } = options;
  const expiryClock = createExpiryClock(clock);
  const watch = new RevocationWatch({ clock: expiryClock, timer, poll: () => state.ensureFresh() });
  const onChange = () => watch.check();
  const state = new AccessState({ home, reader, parser, clock: expiryClock, timer, onChange });
  const cache = new DecisionCache();
  const use = new KeyUse(reader);
  const enabled = config.auth.enabled;
  const identifier = new Identifier({ state, use, clock: expiryClock, enabled });
  const parts: AccessParts = { ...options, expiryClock, state, cache };
  await state.ensureFresh().catch((error: unknown) => {
    throw startRefusal(error);
  });
  return {
    control: accessControl({ reader, state, cache, identifier, watch }),
    operations: accessOperations(parts),
    routes: accessRoutes,
    get maskHashKey() {
      return state.secrets.maskHash.current.key.export();
    },
    pendingTouches: () => use.takePending(),
    auditRetention: (nowMs) => auditRetention(reader, { nowMs, retentionDays: config.audit.retention_days }),
    async firstPolicy(toml, fileName) {
      if (state.policy.compiled.version > 0) return null;
      const document = parsePolicyToml(toml, fileName);
      const request = { document, rebind: false, appliedBy: 'system', ifVersion: 0, datasets: [] };
      return (await planPolicyChange({ reader, parser, clock }, state.policy, request)).commit;
    },
    refresh: () => state.refresh(),
    close: () => watch.close(),
  };
}

/** Callers of a running server are told nothing of the home's files; who starts it has to know which one to mend. */
function startRefusal(error: unknown): unknown {
  if (!isLakeError(error)) return error;
  const { cause } = error;
  return isLakeError(cause) && cause.code === accessErrors.key_file_unusable.code ? cause : error;
}

function accessOperations(parts: AccessParts): readonly AnyOperation[] {
  return [
    createKey(parts),
    listKeys(parts),
    revokeKey(parts),
    rotateKey(parts),
    createDelegation(parts),
    listDelegations(parts),
    revokeDelegation(parts),
    getPolicies(parts),
    putPolicies(parts),
    rotateSecret(parts),
    listRoles(parts),
    explain(parts),
    whoAmI(parts),
    readAudit(parts),
  ];
}

function accessControl(parts: {
  reader: MetastoreReader;
  state: AccessState;
  cache: DecisionCache;
  identifier: Identifier;
  watch: RevocationWatch;
}): AccessControl {
  const { reader, state, cache, identifier, watch } = parts;
  const audit = createAuditStatements(reader);
  return {
    identify: (credentials) => identifier.identify(credentials),
    authorise: (identity, demand) => authoriseDemand(state.policy.compiled, cache, identity, demand),
    authoriseDataset: (identity, facts, action) =>
      cache.decide(state.policy.compiled, identity, facts, action).authorisation,
    mayUseModel: (identity, model) => mayUseModel(state.policy.compiled, identity, model),
    mayUseTool,
    maskedTags: (identity) => maskedTags(state.policy.compiled, identity),
    policyVersion: () => state.policy.compiled.version,
    onRevoked: (identity, callback) => watch.add(() => identifier.liveness(identity), callback),
    auditOpened: audit.opened,
    auditClosed: audit.closed,
    auditClosedIfOpen: audit.closedIfOpen,
  };
}
