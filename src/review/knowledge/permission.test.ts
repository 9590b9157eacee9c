import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seedOfRun } from '../../../test/faults/seeded-random.ts';
import { REPOSITORY, reviewRow } from './knowledge-rows.fixture.ts';
import { type PermissionOverride, type PermissionSubject, permissionFor } from './permission.ts';
import { GRADIENT_TIERS, type GradientTier } from './review-row.ts';

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

const NOW = new Date('2026-06-01T00:00:00Z');
const BEST: PermissionSubject = {
  repository: REPOSITORY,
  path: 'src/a.ts',
  suggestionId: 's1',
  verdict: 'needs_work',
  evidence: 'static',
  trust: 0.9,
  blastRadius: { importers: 1, route_exposed: false },
  trial: 'passed',
};

function override(tier: GradientTier, members: Partial<PermissionOverride> = {}): PermissionOverride {
  return {
    override_id: `o-${tier}`,
    repository: REPOSITORY,
    path: 'src/a.ts',
    suggestion_id: null,
    tier,
    reason: 'read by hand',
    expires_at: '2026-07-01T00:00:00Z',
    ...members,
  };
}

describe('what may be done with a change', () => {
  it.each<[Partial<PermissionSubject>, GradientTier, string]>([
    [{}, 'auto', ''],
    [{ evidence: 'dynamic' }, 'auto', ''],
    [{ trial: null }, 'dry_run', 'no trial yet'],
    [{ trial: 'timeout' }, 'dry_run', 'its trial ended: timeout'],
    [{ trial: 'refused' }, 'dry_run', 'its trial ended: refused'],
    [{ trial: 'failed' }, 'block', 'its trial failed'],
    [{ evidence: 'model' }, 'dry_run', 'only a model says so'],
    [{ evidence: null }, 'sim', 'no finding is known that it closes'],
    [{ trust: 0.79 }, 'sim', 'trust 0.79 < 0.8'],
    [{ trust: 0.24 }, 'block', 'trust 0.24 < 0.25'],
    [{ verdict: 'no_verdict' }, 'block', 'no model gave a verdict'],
    [{ blastRadius: { importers: 5, route_exposed: false } }, 'dry_run', '5 files import it'],
    [{ blastRadius: { importers: 20, route_exposed: false } }, 'sim', '20 files import it'],
    [{ blastRadius: { importers: 0, route_exposed: true } }, 'dry_run', 'a route reaches it'],
    [{ blastRadius: null }, 'sim', 'how far it reaches is not known'],
    [{ blastRadius: null, trial: 'failed' }, 'block', 'its trial failed'],
  ])('%j is %s', (members, tier, reason) => {
    const permission = permissionFor({ ...BEST, ...members }, [], NOW);
    expect([permission.tier, permission.reasons.join()]).toEqual([tier, reason]);
  });
});

describe('an override', () => {
  const blocked = { ...BEST, verdict: 'no_verdict' as const };

  it.each<[string, readonly PermissionOverride[], GradientTier]>([
    ['loosens', [override('dry_run')], 'dry_run'],
    ['ends with its last moment', [override('dry_run', { expires_at: NOW.toISOString() })], 'block'],
    ['needs a time that is one', [override('dry_run', { expires_at: 'never' })], 'block'],
    ['needs a reason', [override('dry_run', { reason: ' ' })], 'block'],
    ['is of its repository', [override('dry_run', { repository: 'other' })], 'block'],
    ['is of its file', [override('dry_run', { path: 'src/b.ts' })], 'block'],
    ['of a suggestion is of no other', [override('dry_run', { path: null, suggestion_id: 's2' })], 'block'],
    [
      'of a suggestion goes before that of its file',
      [override('sim'), override('dry_run', { path: null, suggestion_id: 's1' })],
      'dry_run',
    ],
    ['is the strictest of several', [override('dry_run'), override('sim'), override('auto')], 'sim'],
  ])('%s', (_, overrides, tier) => {
    expect(permissionFor(blocked, overrides, NOW).tier).toBe(tier);
    expect(permissionFor(blocked, overrides.toReversed(), NOW).tier).toBe(tier);
  });

  it('tightens too, and tells who set it and why', () => {
    expect(permissionFor(BEST, [override('block')], NOW)).toEqual({
      tier: 'block',
      reasons: ['override: read by hand'],
      override_id: 'o-block',
    });
  });

  it.each([null, 'failed', 'timeout', 'refused'] as const)(
    'makes nothing auto whose trial is %s',
    (trial) => {
      const { tier, reasons } = permissionFor({ ...BEST, trial }, [override('auto')], NOW);
      expect([tier, reasons.at(-1)]).toEqual(['dry_run', 'no passed trial: auto needs one']);
      expect(permissionFor(BEST, [override('auto')], NOW).tier).toBe('auto');
    },
  );
});

const subjects = fc.record({
  repository: fc.constant(REPOSITORY),
  path: fc.constantFrom('src/a.ts', 'src/b.ts'),
  suggestionId: fc.constantFrom('s1', null),
  verdict: fc.constantFrom('sound', 'needs_work', 'unsound', 'no_verdict' as const),
  evidence: fc.constantFrom('dynamic', 'static', 'model', null),
  trust: fc.double({ min: 0, max: 1, noNaN: true }),
  blastRadius: fc.option(fc.record({ importers: fc.nat(40), route_exposed: fc.boolean() })),
  trial: fc.constantFrom('passed', 'failed', 'timeout', 'refused', null),
});
const strictness = (tier: GradientTier) => GRADIENT_TIERS.indexOf(tier);

describe('whatever the facts', () => {
  it('raising only the score, and what the model says of its confidence, changes no tier', () => {
    const points = fc.integer({ min: 0, max: 10 });
    fc.assert(
      fc.property(subjects, points, points, (subject, low, high) => {
        // The row is handed over whole, as a careless caller would.
        const tierAt = (score: number) =>
          permissionFor(
            { ...reviewRow('src/a.ts', 1, [score], { confidence: score / 10 }), ...subject },
            [],
            NOW,
          );
        expect(tierAt(high)).toEqual(tierAt(low));
      }),
      { seed: SEED },
    );
  });

  it('auto needs a passed trial, with and without an override', () => {
    fc.assert(
      fc.property(subjects, fc.boolean(), (subject, isOverridden) => {
        const overrides = isOverridden ? [override('auto', { path: subject.path })] : [];
        if (permissionFor(subject, overrides, NOW).tier === 'auto') expect(subject.trial).toBe('passed');
      }),
      { seed: SEED },
    );
  });

  it('less trust, a wider reach and weaker evidence never loosen the tier', () => {
    fc.assert(
      fc.property(subjects, subjects, (one, other) => {
        const worse = {
          ...one,
          trust: Math.min(one.trust, other.trust),
          evidence: one.evidence === 'dynamic' ? other.evidence : one.evidence,
          blastRadius:
            one.blastRadius === null
              ? null
              : {
                  importers: Math.max(one.blastRadius.importers, other.blastRadius?.importers ?? 0),
                  route_exposed: one.blastRadius.route_exposed || other.blastRadius?.route_exposed === true,
                },
        };
        const [better, less] = [permissionFor(one, [], NOW), permissionFor(worse, [], NOW)];
        expect(strictness(less.tier)).toBeGreaterThanOrEqual(strictness(better.tier));
      }),
      { seed: SEED },
    );
  });
});
