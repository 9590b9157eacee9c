import { describe, expect, it } from 'vitest';
import { findingLives, findingRowsOf, hasLanded } from './finding-life.ts';
import type { FindingRow } from './finding-row.ts';
import type { IterationReading, SeenAnchor } from './iteration-reading.ts';
import { REPOSITORY, reported } from './knowledge-rows.fixture.ts';

/** Iterations one after another, each compared with all before it. */
class History {
  readonly rows: FindingRow[] = [];
  #iteration = 0;

  next(members: Partial<IterationReading>): readonly string[] {
    this.#iteration++;
    const rows = findingRowsOf(
      {
        repository: REPOSITORY,
        commit: `c${this.#iteration}`,
        iteration_id: `iteration-${this.#iteration}`,
        iteration: this.#iteration,
        judgedPaths: ['src/a.ts', 'src/b.ts'],
        reported: [],
        anchors: [],
        gonePaths: [],
        ...members,
      },
      this.rows,
    );
    this.rows.push(...rows);
    return rows.map(({ claim, state }) => `${state}: ${claim}`).sort();
  }

  /** Where the code of the only finding stands. */
  anchor(hash: string | null, check: SeenAnchor['check'] = null): SeenAnchor {
    return { finding_id: this.rows[0]?.finding_id ?? '', anchor_hash: hash, check };
  }

  ids(): number {
    return new Set(this.rows.map(({ finding_id: id }) => id)).size;
  }
}

const CLAIM = 'The key is compared with ===.';
const test = (passes: boolean | null) => ({ kind: 'test' as const, name: 'keys.test.ts', passes });
const rule = (passes: boolean | null) => ({ kind: 'rule' as const, name: 'unsafe-compare', passes });

describe('a finding that is told of again', () => {
  it.each<[string, Parameters<typeof reported>[1] & { claim?: string }]>([
    ['in the same words', {}],
    ['with other numbers, case and marks', { claim: 'the key is COMPARED with `===`' }],
    ['from another line', { line: 90 }],
    ['in other words about the same code', { claim: 'Timing tells how much of a guess was right.' }],
    [
      'in nearly the same words about code that changed',
      { claim: 'The key is still compared with ===', anchor_hash: 'other' },
    ],
    ['with its code in another file', { path: 'src/b.ts', claim: 'A guess can be timed.' }],
  ])('is recurring: %s', (_, { claim = CLAIM, ...members }) => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    const gone = history.anchor(null);
    const isMoved = members.path !== undefined;
    expect(history.next({ reported: [reported(claim, members)], anchors: isMoved ? [gone] : [] })).toEqual([
      `recurring: ${claim}`,
    ]);
    expect(history.ids()).toBe(1);
  });

  it('is recurring where its symbol moved to another file and its code changed', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    const moved = reported(CLAIM, { path: 'src/b.ts', anchor_hash: 'other' });
    expect(history.next({ reported: [moved], anchors: [history.anchor(null)] })).toEqual([
      `recurring: ${CLAIM}`,
    ]);
  });

  it.each<[string, Parameters<typeof reported>[1] & { claim?: string }]>([
    ['other words about other code', { claim: 'The query is built by hand.', anchor_hash: 'other' }],
    ['another rule', { rule: 'scrum/other' }],
    ['a copy of its code in another file', { path: 'src/b.ts' }],
    [
      'another claim of a rule about the same code',
      { rule: 'uncalled', evidence: 'static', claim: 'Nothing calls it.' },
    ],
  ])('is new: %s', (_, { claim = CLAIM, ...members }) => {
    const history = new History();
    const first = members.evidence === 'static' ? { rule: 'uncalled', evidence: 'static' as const } : {};
    history.next({ reported: [reported(CLAIM, first)] });
    const rows = history.next({ reported: [reported(claim, members)], anchors: [history.anchor('code')] });
    expect(rows).toEqual([`new: ${claim}`]);
    expect(history.ids()).toBe(2);
  });

  it('is matched once, and by the likest words', () => {
    const history = new History();
    history.next({
      reported: [reported('The key leaks into the log.'), reported('The lock is never released.')],
    });
    const rows = history.next({
      reported: [
        reported('The lock is not released on error.'),
        reported('The key is written into the log.'),
      ],
    });
    expect(rows.map((row) => row.split(':')[0])).toEqual(['recurring', 'recurring']);
    const words = Map.groupBy(history.rows, ({ finding_id: id }) => id);
    for (const life of words.values())
      expect(new Set(life.map(({ claim }) => /key|lock/.exec(claim)?.[0])).size).toBe(1);
  });

  it('is one of two that are told of the same code, and the other is new', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    const rows = history.next({ reported: [reported('A guess is timed.'), reported('The key is logged.')] });
    expect(rows.map((row) => row.split(':')[0])).toEqual(['new', 'recurring']);
    expect(history.ids()).toBe(2);
  });

  it('is new in another file while nobody looked at the file of the earlier one', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    const elsewhere = reported(CLAIM, { path: 'src/b.ts', anchor_hash: 'other' });
    expect(history.next({ reported: [elsewhere] })).toEqual([`new: ${CLAIM}`]);
  });

  it('is known by each of the words it was told in', () => {
    const rule = { rule: 'unsafe-compare', evidence: 'static' as const };
    const history = new History();
    history.next({ reported: [reported('`a` is compared by ===.', rule)] });
    history.next({ reported: [reported('`b` is compared by ===.', rule)] });
    history.next({ reported: [reported('`b` is compared by ===.', { ...rule, anchor_hash: 'other' })] });
    expect(history.rows.map(({ state }) => state)).toEqual(['new', 'recurring', 'recurring']);
  });

  it('is another one of a rule that names another thing in changed code, however alike its words', () => {
    const rule = { rule: 'uncalled', evidence: 'static' as const };
    const history = new History();
    history.next({ reported: [reported('Nothing calls `first` here.', rule)] });
    const other = reported('Nothing calls `second` here.', { ...rule, anchor_hash: 'other' });
    expect(history.next({ reported: [other] })).toEqual(['new: Nothing calls `second` here.']);
  });

  it('is another one where a name differs by its digits alone', () => {
    const history = new History();
    const bare = { anchor_hash: null };
    history.next({ reported: [reported('`sha1` is used.', bare), reported('`sha256` is used.', bare)] });
    expect(history.ids()).toBe(2);
  });

  it('counts once where replicates tell of it, and twice where a rule names two lines', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM), reported(CLAIM, { line: 8 })] });
    expect(history.ids()).toBe(1);
    const rules = { rule: 'unsafe-compare', evidence: 'static' as const, anchor_hash: null };
    const both = [reported(CLAIM, rules), reported(CLAIM, { ...rules, line: 40 })];
    history.next({ reported: both });
    expect(history.ids()).toBe(3);
    expect(history.next({ reported: both.toReversed() })).toEqual([
      `recurring: ${CLAIM}`,
      `recurring: ${CLAIM}`,
    ]);
    expect(history.ids()).toBe(3);
  });
});

describe('a finding that nobody tells of', () => {
  it.each<[string, SeenAnchor['anchor_hash'], SeenAnchor['check'], readonly string[], string | null]>([
    ['stays open where its code is unchanged', 'code', null, [], null],
    ['stays open where its test did not run', 'code', test(null), [], null],
    ['is fixed, unproven, where its code changed', 'other', null, ['fixed'], null],
    ['is fixed, unproven, where its code is gone', null, null, ['fixed'], null],
    ['is fixed by the commit where its test passes', 'other', test(true), ['fixed'], 'c2'],
    ['is fixed by the commit where its rule no longer reports it', 'code', rule(true), ['fixed'], 'c2'],
    ['recurs where its test fails', 'other', test(false), ['recurring'], null],
    ['recurs where its rule still reports it', 'code', rule(false), ['recurring'], null],
  ])('%s', (_, hash, check, states, commit) => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    history.next({ anchors: [history.anchor(hash, check)] });
    const rows = history.rows.slice(1);
    expect(rows.map(({ state }) => state)).toEqual(states);
    expect(rows.map((row) => row.closed_by_commit)).toEqual(states.map(() => commit));
  });

  it('stays open where no model gave a verdict, and where its file was not read', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    expect(history.next({ judgedPaths: [], anchors: [history.anchor('other')] })).toEqual([]);
    expect(history.next({ anchors: [] })).toEqual([]);
  });

  it('stays open where only its code changed and a rule had found it', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM, { evidence: 'static', rule: 'unsafe-compare' })] });
    expect(history.next({ anchors: [history.anchor('other', rule(null))] })).toEqual([]);
  });
});

describe('a finding whose file is gone', () => {
  const gone = { judgedPaths: [], gonePaths: ['src/a.ts'] };

  it.each<[string, Parameters<typeof reported>[1]]>([
    ['of a model', {}],
    ['of a rule', { evidence: 'static', rule: 'unsafe-compare', check: rule(false) }],
    ['that has no anchor', { anchor_hash: null }],
    ['that a test checks', { check: test(false) }],
  ])('ends by the commit, neither fixed nor checked: %s', (_, members) => {
    const history = new History();
    history.next({ reported: [reported(CLAIM, members)] });
    expect(history.next(gone)).toEqual([`gone: ${CLAIM}`]);
    expect(history.rows.at(-1)).toMatchObject({
      ...{ state: 'gone', closed_by_commit: 'c2', anchor_hash: null, check_passes: null },
    });
    expect(findingLives(history.rows)).toMatchObject([{ isOpen: false, last_seen: 1 }]);
    expect(history.next(gone)).toEqual([]);
  });

  it('does not land, whatever was known of it', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM, { check: test(false) })] });
    history.next(gone);
    const [before, after] = history.rows;
    if (before === undefined || after === undefined) throw new Error('there are two rows');
    expect(hasLanded(before, after)).toBe(false);
    expect(hasLanded(before, { ...after, check_passes: true })).toBe(false);
  });

  it('stays open where its code stands in another file, and recurs where its check fails there', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    expect(history.next({ ...gone, anchors: [history.anchor('code')] })).toEqual([]);
    expect(history.next({ ...gone, anchors: [history.anchor('code', test(false))] })).toEqual([
      `recurring: ${CLAIM}`,
    ]);
    expect(history.next({ ...gone, anchors: [history.anchor('other')] })).toEqual([`gone: ${CLAIM}`]);
  });

  it('is recurring where it is told of in another file, and once its file is back', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    const moved = reported(CLAIM, { path: 'src/b.ts', anchor_hash: 'other' });
    expect(history.next({ ...gone, reported: [moved] })).toEqual([`recurring: ${CLAIM}`]);
    expect(history.next({ gonePaths: ['src/b.ts'] })).toEqual([`gone: ${CLAIM}`]);
    expect(history.next({ reported: [moved] })).toEqual([`recurring: ${CLAIM}`]);
    expect(history.ids()).toBe(1);
  });

  it('stays fixed where it was', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    history.next({ anchors: [history.anchor('other', test(true))] });
    expect(history.next(gone)).toEqual([]);
  });
});

describe('a life', () => {
  it('goes from new over recurring and fixed to regressed, and remembers', () => {
    const history = new History();
    const again = { reported: [reported(CLAIM, { check: test(false) })] };
    expect(history.next(again)).toEqual([`new: ${CLAIM}`]);
    expect(history.next(again)).toEqual([`recurring: ${CLAIM}`]);
    expect(history.next({ anchors: [history.anchor('other', test(true))] })).toEqual([`fixed: ${CLAIM}`]);
    expect(findingLives(history.rows)).toMatchObject([
      { isOpen: false, first_seen: 1, last_seen: 2, closed_by_commit: 'c3', found_by: 'local/reader' },
    ]);
    expect(history.next({ anchors: [history.anchor('other', test(true))] })).toEqual([]);
    const told = reported(CLAIM, { evidence: 'dynamic', found_by: 'keys.test.ts' });
    expect(history.next({ reported: [told] })).toEqual([`regressed: ${CLAIM}`]);
    expect(findingLives(history.rows)).toMatchObject([
      { isOpen: true, first_seen: 1, last_seen: 5, closed_by_commit: null, evidence: 'dynamic' },
    ]);
    expect(findingLives(history.rows)[0]?.found_by).toBe('local/reader');
  });

  it('does not depend on the order of rows, nor on rows that are there twice', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM), reported('The lock is kept.', { anchor_hash: 'lock' })] });
    history.next({ reported: [reported(CLAIM)], anchors: [history.anchor('code')] });
    const lives = findingLives(history.rows);
    expect(findingLives([...history.rows, ...history.rows].reverse())).toEqual(lives);
  });

  it('is of one repository', () => {
    const history = new History();
    history.next({ reported: [reported(CLAIM)] });
    expect(history.next({ repository: 'other', reported: [reported(CLAIM)] })).toEqual([`new: ${CLAIM}`]);
    expect(history.ids()).toBe(2);
  });
});
