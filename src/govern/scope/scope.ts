import type { Logger } from '../../base/index.ts';
import { LakeError } from '../../base/index.ts';
import type { DatasetFacts } from './dataset-facts.ts';
import type { Authorisation, DatasetDecision } from './decision.ts';
import type { BucketAction, DatasetAction, Permission } from './demand.ts';
import { scopeErrors } from './errors.ts';
import type { Identity } from './identity.ts';
import type { Spending, SpendPlan } from './spending.ts';

/** What every scope carries. */
interface ScopeParts {
  readonly requestId: string;
  readonly identity: Identity;
  /** Aborted when the caller is gone, the time is up, or the key was revoked. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

interface GrantParts extends ScopeParts {
  readonly decisions: ReadonlyMap<string, DatasetDecision>;
  readonly buckets: readonly {
    readonly bucket: string;
    readonly key: string;
    readonly action: BucketAction;
  }[];
  readonly permissions: ReadonlySet<Permission>;
  /** Full names of the models this request was authorised for. */
  readonly models: ReadonlySet<string>;
  readonly tools: ReadonlySet<string>;
  /** Whether the policy as of this request lets the caller use a model, for operations that list them. */
  readonly mayUseModel: (model: string) => boolean;
  /** Whether it lets the caller use a tool that is granted to these roles. */
  readonly mayUseTool: (roles: readonly string[]) => boolean;
  /** Tag patterns that the policy masks for the caller in some dataset, for example `pii.email`. */
  readonly maskedTags: () => readonly string[];
  /** The policy as of this request, for operations that list or explain. */
  readonly authorise: (facts: DatasetFacts, action: DatasetAction) => Authorisation;
}

/** Known to this module alone: without it no scope can be made, whatever a cast says. */
const ISSUE = Symbol('issue');

/** The base of the three scopes. A private field marks real ones: an object cast to a scope does not have it. */
abstract class Scope {
  #open = true;
  readonly requestId: string;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  readonly log: Logger;

  constructor(token: symbol, parts: ScopeParts) {
    if (token !== ISSUE) throw refused();
    this.requestId = parts.requestId;
    this.identity = parts.identity;
    this.signal = parts.signal;
    this.log = parts.log;
  }

  static close(token: symbol, scope: Scope): void {
    if (token !== ISSUE) throw refused();
    scope.#open = false;
  }

  static isOpen(scope: unknown): boolean {
    return typeof scope === 'object' && scope !== null && #open in scope && scope.#open;
  }
}

/** Given to *resolve*: names, field ids and tags may be looked up, no row and no byte read. */
export class ResolveScope extends Scope {
  readonly access = 'resolve';
}

abstract class GrantedScope extends Scope {
  abstract readonly access: 'read' | 'write';
  readonly #parts: GrantParts;

  constructor(token: symbol, parts: GrantParts) {
    super(token, parts);
    this.#parts = parts;
  }

  /** The decision for a dataset this request was authorised for; throws `scope.not_granted` for any other. */
  decision(datasetId: string, action: DatasetAction): DatasetDecision {
    if (!Scope.isOpen(this)) throw refused();
    const decision = this.#parts.decisions.get(`${datasetId}:${action}`);
    if (decision === undefined) throw notGranted('dataset');
    return decision;
  }

  /** Throws `scope.not_granted` unless the request was authorised for this verb on this object or prefix. */
  requireObject(bucket: string, key: string, action: BucketAction): void {
    if (!Scope.isOpen(this)) throw refused();
    const granted = this.#parts.buckets.some(
      (grant) => grant.bucket === bucket && grant.key === key && grant.action === action,
    );
    if (!granted) throw notGranted('object');
  }

  /** Throws `scope.not_granted` unless the request was authorised with this permission. */
  requirePermission(permission: Permission): void {
    if (!Scope.isOpen(this)) throw refused();
    if (!this.#parts.permissions.has(permission)) throw notGranted('permission');
  }

  /** Throws `scope.not_granted` unless the request was authorised for this model. */
  requireModel(model: string): void {
    if (!Scope.isOpen(this)) throw refused();
    if (!this.#parts.models.has(model)) throw notGranted('model');
  }

  /** Throws `scope.not_granted` unless the request was authorised for this tool. */
  requireTool(tool: string): void {
    if (!Scope.isOpen(this)) throw refused();
    if (!this.#parts.tools.has(tool)) throw notGranted('tool');
  }

  /** Whether the caller may use a model, for operations that list them. Calling one needs `requireModel`. */
  mayUseModel(model: string): boolean {
    if (!Scope.isOpen(this)) throw refused();
    return this.#parts.mayUseModel(model);
  }

  /** Whether the caller may use a tool granted to these roles, for operations that list them. */
  mayUseTool(roles: readonly string[]): boolean {
    if (!Scope.isOpen(this)) throw refused();
    return this.#parts.mayUseTool(roles);
  }

  /** Tags whose values the caller sees masked somewhere; an answer for it must not hold them in clear. */
  maskedTags(): readonly string[] {
    if (!Scope.isOpen(this)) throw refused();
    return this.#parts.maskedTags();
  }

  /** What the caller may do with a dataset, for operations that list or explain. Reading rows needs `decision`. */
  authorise(facts: DatasetFacts, action: DatasetAction): Authorisation {
    if (!Scope.isOpen(this)) throw refused();
    return this.#parts.authorise(facts, action);
  }
}

/** Given to a read's `run`, after access, truth and the opened audit row. */
export class ReadScope extends GrantedScope {
  override readonly access = 'read';
  readonly #spend: SpendPort | null;

  constructor(token: symbol, parts: GrantParts & { readonly spend: SpendPort | null }) {
    super(token, parts);
    this.#spend = parts.spend;
  }

  /**
   * Holds the worst cost of one call of a model under every ceiling that matches, all or none, durably. Throws
   * `budget.exhausted` or `budget.busy`, and `scope.not_granted` for a model the request was not authorised for.
   */
  spend(plan: SpendPlan): Promise<Spending> {
    this.requireModel(plan.model);
    if (this.#spend === null) throw notGranted('spending');
    return this.#spend(plan);
  }
}

type SpendPort = (plan: SpendPlan) => Promise<Spending>;

/** Given to a mutation's `prepare`. It may make files; only the door commits. */
export class WriteScope extends GrantedScope {
  override readonly access = 'write';
}

/** Any scope the door issued. */
export type AnyScope = ResolveScope | ReadScope | WriteScope;

/** Throws `scope.not_issued` unless the door issued this scope and it is still open. Call it first where data is touched. */
export function requireOpenScope(scope: AnyScope): void {
  if (!Scope.isOpen(scope)) throw refused();
}

/** Issues and closes scopes. The door alone may import this; test/architecture.test.ts holds it to that. */
export const scopeIssuer = {
  resolve: (parts: ScopeParts) => new ResolveScope(ISSUE, parts),
  read: (parts: GrantParts & { readonly spend: SpendPort | null }) => new ReadScope(ISSUE, parts),
  write: (parts: GrantParts) => new WriteScope(ISSUE, parts),
  close: (scope: AnyScope) => Scope.close(ISSUE, scope),
} as const;

function refused(): LakeError {
  return new LakeError(scopeErrors.not_issued, {
    detail: 'This access scope was not issued by the door or is closed.',
  });
}

function notGranted(what: string): LakeError {
  return new LakeError(scopeErrors.not_granted, {
    detail: `The request was not authorised for this ${what}.`,
  });
}
