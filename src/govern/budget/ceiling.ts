import { matchesPattern } from '../../base/index.ts';
import type { Identity, SpendPlan } from '../scope/index.ts';

/** What a ceiling counts, and over which time: whole hours and days of UTC. */
export const CEILING_UNITS = ['usd_hour', 'usd_day', 'tokens_hour', 'requests_hour'] as const;
export type CeilingUnit = (typeof CEILING_UNITS)[number];

export const CEILING_SUBJECTS = ['identity', 'role', 'task', 'provider', 'model'] as const;
export type CeilingSubject = (typeof CEILING_SUBJECTS)[number];

/** One rule of what may be spent. */
export interface Ceiling {
  readonly name: string;
  /** Patterns that must all match; an absent one matches everything. */
  readonly when: Readonly<Partial<Record<CeilingSubject | 'rule', string>>>;
  /** A counter for each distinct value of these; one counter over all where empty. */
  readonly per: readonly CeilingSubject[];
  readonly limits: readonly { readonly unit: CeilingUnit; readonly amount: number }[];
  /** The most one call may cost at worst; null for no such limit. */
  readonly perRequestNanoUsd: number | null;
}

/** One window that a call must fit into. */
export interface WindowHold {
  readonly ceiling: string;
  readonly counter: string;
  readonly unit: CeilingUnit;
  readonly windowStartMs: number;
  readonly limit: number;
  readonly amount: number;
}

const HOUR_MS = 3_600_000;
const WINDOW_MS: Readonly<Record<CeilingUnit, number>> = {
  usd_hour: HOUR_MS,
  usd_day: 24 * HOUR_MS,
  tokens_hour: HOUR_MS,
  requests_hour: HOUR_MS,
};

export function windowEndMs(hold: WindowHold): number {
  return hold.windowStartMs + WINDOW_MS[hold.unit];
}

/** What a call uses of a unit; dollars of a call that bills none are nothing to hold. */
export function amountOf(unit: CeilingUnit, used: { costNanoUsd: number; tokens: number }): number {
  if (unit === 'tokens_hour') return used.tokens;
  return unit === 'requests_hour' ? 1 : used.costNanoUsd;
}

/** A call as ceilings see it. */
export interface CeilingFacts {
  readonly identity: Identity;
  readonly plan: SpendPlan;
}

/** The ceilings over a call: an agent's call for a person is under the ceilings of both. */
export function matchingCeilings(ceilings: readonly Ceiling[], facts: CeilingFacts): readonly Ceiling[] {
  return ceilings.filter((ceiling) => subjectsOf(facts).some((subject) => matches(ceiling, subject)));
}

/** Every window a call must fit into, each once, in a fixed order. */
export function windowHolds(
  ceilings: readonly Ceiling[],
  facts: CeilingFacts,
  nowMs: number,
): readonly WindowHold[] {
  const holds = new Map<string, WindowHold>();
  for (const ceiling of ceilings) {
    for (const subject of subjectsOf(facts)) {
      if (!matches(ceiling, subject)) continue;
      const counter = JSON.stringify(ceiling.per.map((name) => subject[name]));
      for (const { unit, amount: limit } of ceiling.limits) {
        const amount = amountOf(unit, facts.plan);
        if (amount === 0) continue;
        const windowStartMs = nowMs - (nowMs % WINDOW_MS[unit]);
        const hold = { ceiling: ceiling.name, counter, unit, windowStartMs, limit, amount };
        holds.set(JSON.stringify([ceiling.name, counter, unit]), hold);
      }
    }
  }
  return [...holds.values()];
}

type Subject = Readonly<Record<CeilingSubject | 'rule', string>>;

function subjectsOf({ identity, plan }: CeilingFacts): readonly Subject[] {
  const { task, provider, model } = plan;
  const people = identity.onBehalfOf === null ? [identity] : [identity, identity.onBehalfOf];
  return people.map(({ name, role }) => ({
    identity: name,
    role,
    task,
    provider,
    model,
    rule: plan.rule ?? '',
  }));
}

function matches(ceiling: Ceiling, subject: Subject): boolean {
  const { identity, role, task, provider, model, rule } = ceiling.when;
  return (
    isMatch(identity, subject.identity) &&
    isMatch(role, subject.role) &&
    isMatch(task, subject.task) &&
    isMatch(provider, subject.provider) &&
    isMatch(model, subject.model) &&
    isMatch(rule, subject.rule)
  );
}

function isMatch(pattern: string | undefined, value: string): boolean {
  return pattern === undefined || matchesPattern(pattern, value);
}
