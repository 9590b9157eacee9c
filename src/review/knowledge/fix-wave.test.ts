import { describe, expect, it } from 'vitest';
import type { FindingRow } from './finding-row.ts';
import { nextFixWave } from './fix-wave.ts';
import { fixWaveMarkdown } from './fix-wave-markdown.ts';
import { findingRow, iterationOf, landedRow, reviewRow } from './knowledge-rows.fixture.ts';

const RULE = { rule: 'uncalled-primitive', evidence: 'static' as const, severity: 'error' as const };

function waveOf(findings: readonly FindingRow[], iteration = 2) {
  const paths = new Set(findings.map(({ path }) => path));
  paths.delete('left/out.ts');
  const reviews = [...paths].map((path) => reviewRow(path, iteration, [5]));
  return nextFixWave({ reviews, findings, attempts: [] }, iterationOf(iteration));
}

/** Claims of each cause, sorted. */
function causesOf(findings: readonly FindingRow[]): readonly (readonly string[])[] {
  const wave = waveOf(findings);
  const claims = new Map(wave.findings.map(({ finding_id: id, claim }) => [id, claim]));
  return wave.causes.map(({ finding_ids: ids }) => ids.map((id) => claims.get(id) ?? '').sort());
}

describe('root causes', () => {
  it('join what a rule words alike but for the names, wherever it is', () => {
    expect(
      causesOf([
        findingRow('Nothing calls `a`.', 2, 'new', { ...RULE, path: 'a.ts' }),
        findingRow('Nothing calls `b`.', 2, 'new', { ...RULE, path: 'b.ts' }),
        findingRow('Nothing calls `c`.', 2, 'new', { ...RULE, rule: 'other', path: 'c.ts' }),
      ]),
    ).toEqual([['Nothing calls `a`.', 'Nothing calls `b`.'], ['Nothing calls `c`.']]);
  });

  it('join what models say of one symbol, or in nearly the same words', () => {
    const causes = causesOf([
      findingRow('The lock leaks.', 2, 'new', { symbol: 'Pool.close' }),
      findingRow('Errors vanish.', 2, 'new', { symbol: 'Pool.close', rule: 'scrum/other' }),
      findingRow('The route `x` has no access check.', 2, 'new', { path: 'x.ts' }),
      findingRow('The route `y` has no access check', 2, 'new', { path: 'y.ts' }),
      findingRow('The route `z` has no access check', 2, 'new', { path: 'z.ts', rule: 'scrum/other' }),
    ]);
    expect(causes).toHaveLength(3);
    expect(causes).toContainEqual(['Errors vanish.', 'The lock leaks.']);
    expect(causes).toContainEqual([
      'The route `x` has no access check.',
      'The route `y` has no access check',
    ]);
  });
});

describe('the next fix wave', () => {
  it('has every open finding once, by level, from the gravest', () => {
    const severities = ['note', 'critical', 'warning', 'error'] as const;
    const wave = waveOf([
      ...severities.map((severity) => findingRow(`a ${severity}`, 2, 'new', { severity })),
      findingRow('done', 1, 'new'),
      landedRow('done', 2),
    ]);
    expect(wave.findings.map(({ claim, level }) => `${level}: ${claim}`)).toEqual([
      'high: a critical',
      'high: a error',
      'medium: a warning',
      'low: a note',
    ]);
  });

  it('says what done means, and what is missing for it', () => {
    const [first] = waveOf([
      findingRow('x', 2, 'new', { check_kind: 'test', check_name: 'keys.test.ts' }),
    ]).findings;
    expect(first?.done_means).toEqual([
      'the test keys.test.ts passes',
      'the code it points at has changed',
      'the next iteration does not tell of it',
    ]);
    const [bare] = waveOf([findingRow('x', 2, 'new', { anchor_hash: null })]).findings;
    expect(bare?.done_means.filter((text) => text.includes('cannot land without'))).toHaveLength(2);
  });

  it('leaves out what nobody knows to stand, and says why', () => {
    const wave = waveOf([
      findingRow('elsewhere', 1, 'new', { path: 'left/out.ts' }),
      findingRow('silent', 1, 'new'),
      findingRow('silent rule', 1, 'new', RULE),
    ]);
    expect(wave.out_of_scope.map(({ why }) => why)).toEqual([
      'its file is not in iteration 2: nobody knows whether it stands',
      expect.stringContaining('a model told of it in iteration 1 and none since'),
    ]);
    expect(wave.findings.map(({ claim }) => claim)).toEqual(['silent rule']);
  });

  it('has what is gone with its file in no queue, and names it once with the commit', () => {
    const rows = [
      findingRow('gone', 1, 'new', { path: 'left/out.ts' }),
      findingRow('gone', 2, 'gone', { path: 'left/out.ts', anchor_hash: null, closed_by_commit: 'c2' }),
      findingRow('here', 2, 'new'),
    ];
    const wave = waveOf([...rows, ...rows]);
    expect(wave.findings.map(({ claim }) => claim)).toEqual(['here']);
    expect([wave.out_of_scope, wave.carried_over]).toEqual([[], []]);
    expect(wave.gone).toMatchObject([{ claim: 'gone', path: 'left/out.ts', commit: 'c2' }]);
    expect(waveOf(rows, 3).gone).toEqual([]);
    expect(fixWaveMarkdown(wave)).toMatch(/`left\/out\.ts` `scrum\/defect`, gone at commit `c2`: `gone`/);
  });

  it('carries over what earlier waves had, the longest open first', () => {
    const wave = waveOf(
      [
        findingRow('old', 2, 'new'),
        findingRow('old', 3, 'recurring'),
        findingRow('oldest', 1, 'new'),
        findingRow('oldest', 2, 'recurring'),
        findingRow('oldest', 3, 'recurring'),
        findingRow('fresh', 3, 'new'),
      ],
      3,
    );
    expect(wave.carried_over.map(({ since }) => since)).toEqual([1, 2]);
  });

  it('names causes that are too big for one change', () => {
    const files = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        findingRow(`Nothing calls \`f${index}\`.`, 2, 'new', { ...RULE, path: `src/${index}.ts` }),
      );
    expect(waveOf(files(5)).too_big).toEqual([]);
    expect(waveOf(files(6)).too_big.map(({ why }) => why)).toEqual([
      '6 files, more than 5: one change for each folder',
    ]);
    const inOne = files(13).map((row) => ({ ...row, path: 'src/0.ts' }));
    expect(waveOf(inOne).too_big[0]?.why).toContain('13 findings, more than 12');
  });

  it('knows nothing of later iterations', () => {
    const findings = [findingRow('a', 1, 'new'), landedRow('a', 3), findingRow('b', 3, 'new')];
    const reviews = [reviewRow('src/a.ts', 1, [5])];
    expect(
      nextFixWave({ reviews, findings, attempts: [] }, iterationOf(1)).findings.map(({ claim }) => claim),
    ).toEqual(['a']);
  });
});

describe('the fix wave as Markdown', () => {
  it('has a section for everything, and says where one is empty', () => {
    const text = fixWaveMarkdown(waveOf([findingRow('Nothing calls `a`.', 2, 'new', RULE)]));
    expect(text.match(/^## .*$/gm)).toEqual([
      '## Root causes',
      '## High',
      '## Medium',
      '## Low',
      '## Too big for one change',
      '## Out of scope',
      '## Carried over',
      '## Gone with their files',
    ]);
    expect(text.match(/^None\.$/gm)).toHaveLength(6);
    expect(text).toContain(
      '1 findings with 1 causes; 0 out of scope, 0 carried over, 0 gone with their files.',
    );
    expect(text).toContain('  - done: `a check of its own passes');
  });

  it('shows what the reviewed wrote as text', () => {
    const claim = '`</details>\n# Fixed | @someone <img src=x> [x](http://evil)';
    const row = findingRow(claim, 2, 'new', { path: 'a`b.ts', rule: 'scrum/`x`' });
    const text = fixWaveMarkdown(waveOf([row]));
    expect(text).not.toMatch(/^# Fixed/m);
    for (const line of text.split('\n')) {
      const outside = line.replaceAll(/`[^`]*`/g, '');
      expect(outside).not.toMatch(/[<@[]|scrum/);
    }
  });
});
