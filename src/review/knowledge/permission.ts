import type { EvidenceTier } from './finding-row.ts';
import { GRADIENT_TIERS, type GradientTier, type ReviewRow } from './review-row.ts';

/** How a trial of a suggested change in a scratch worktree ended. */
export type TrialOutcome = 'passed' | 'failed' | 'timeout' | 'refused';

/** What decides over a file, or over one suggested change of it. The score is not among it. */
export interface PermissionSubject {
  readonly repository: string;
  readonly path: string;
  /** Null of the file itself. */
  readonly suggestionId: string | null;
  readonly verdict: ReviewRow['verdict'];
  /** The strongest evidence of what the change closes; null where it closes nothing known. */
  readonly evidence: EvidenceTier | null;
  /** `ModelTrust.trust` of the accepting model, 0 to 1. */
  readonly trust: number;
  /** How far a change reaches: files that import it, and whether a route does; null where nobody looked. */
  readonly blastRadius: { readonly importers: number; readonly route_exposed: boolean } | null;
  /** Of the newest trial; null where there was none. */
  readonly trial: TrialOutcome | null;
}

/** A person's decision, for a while. */
export interface PermissionOverride {
  readonly override_id: string;
  readonly repository: string;
  /** One of the two is set; a suggestion's own override goes before that of its file. */
  readonly path: string | null;
  readonly suggestion_id: string | null;
  readonly tier: GradientTier;
  readonly reason: string;
  /** ISO 8601; from then on it has no effect. */
  readonly expires_at: string;
}

export interface Permission {
  readonly tier: GradientTier;
  /** Why it is no looser. */
  readonly reasons: readonly string[];
  /** The override that set it. */
  readonly override_id: string | null;
}

interface Limit {
  readonly tier: GradientTier;
  readonly reason: string;
}

const WIDE_IMPORTERS = 20;
const FEW_IMPORTERS = 5;
/** What a model that was never tried has: below it, it was tried and found worse. */
const LEAST_TRUST = 0.25;
const FULL_TRUST = 0.8;

/**
 * What may be done with a change. *auto*: applied without asking; *dry_run*: shown as a diff, applied by a person;
 * *sim*: applied in a scratch worktree only; *block*: not at all. Each fact limits by itself and the strictest limit
 * holds, so that no fact buys off another; an override of a person replaces them all, except that `auto` always needs a
 * passed trial.
 */
export function permissionFor(
  subject: PermissionSubject,
  overrides: readonly PermissionOverride[],
  now: Date,
): Permission {
  const override = overrideOf(subject, overrides, now);
  if (override !== null) {
    const untried = override.tier === 'auto' && subject.trial !== 'passed';
    return {
      tier: untried ? 'dry_run' : override.tier,
      reasons: [`override: ${override.reason}`, ...(untried ? ['no passed trial: auto needs one'] : [])],
      override_id: override.override_id,
    };
  }
  const limits = limitsOf(subject);
  const tier = strictest(limits.map((limit) => limit.tier));
  const reasons = limits.filter((limit) => limit.tier === tier).map(({ reason }) => reason);
  return { tier, reasons, override_id: null };
}

function limitsOf(subject: PermissionSubject): readonly Limit[] {
  const { blastRadius, evidence, trial, trust, verdict } = subject;
  const limits: Limit[] = [];
  const limit = (tier: GradientTier, reason: string) => limits.push({ tier, reason });
  if (verdict === 'no_verdict') limit('block', 'no model gave a verdict');
  if (evidence === null) limit('sim', 'no finding is known that it closes');
  if (evidence === 'model') limit('dry_run', 'only a model says so');
  if (trust < LEAST_TRUST) limit('block', `trust ${trust.toFixed(2)} < ${LEAST_TRUST}`);
  else if (trust < FULL_TRUST) limit('sim', `trust ${trust.toFixed(2)} < ${FULL_TRUST}`);
  if (blastRadius === null) limit('sim', 'how far it reaches is not known');
  else {
    const { importers, route_exposed: isRouteExposed } = blastRadius;
    if (isRouteExposed) limit('dry_run', 'a route reaches it');
    if (importers >= WIDE_IMPORTERS) limit('sim', `${importers} files import it`);
    else if (importers >= FEW_IMPORTERS) limit('dry_run', `${importers} files import it`);
  }
  if (trial === 'failed') limit('block', 'its trial failed');
  else if (trial !== 'passed')
    limit('dry_run', trial === null ? 'no trial yet' : `its trial ended: ${trial}`);
  return limits;
}

function overrideOf(
  { repository, path, suggestionId }: PermissionSubject,
  overrides: readonly PermissionOverride[],
  now: Date,
): PermissionOverride | null {
  const valid = overrides.filter(
    (one) =>
      one.repository === repository && one.reason.trim() !== '' && Date.parse(one.expires_at) > now.getTime(),
  );
  const own = valid.filter((one) => suggestionId !== null && one.suggestion_id === suggestionId);
  const ofFile = valid.filter((one) => one.suggestion_id === null && one.path === path);
  const [first] = (own.length > 0 ? own : ofFile).sort(
    (a, b) =>
      GRADIENT_TIERS.indexOf(b.tier) - GRADIENT_TIERS.indexOf(a.tier) ||
      (a.override_id < b.override_id ? -1 : 1),
  );
  return first ?? null;
}

function strictest(tiers: readonly GradientTier[]): GradientTier {
  return GRADIENT_TIERS.toReversed().find((tier) => tiers.includes(tier)) ?? 'auto';
}
