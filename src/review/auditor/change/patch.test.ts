import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditedRepository, auditedRepository } from '../audited-repository.fixture.ts';
import { openRepository } from './git-repository.ts';
import { type DiffLine, diffLines } from './patch.ts';

const BEFORE = Array.from({ length: 60 }, (_, index) => `line ${index + 1}`);
// A replaced line, lines taken away, lines brought in, and words that look like a patch's own.
const AFTER = [
  ...BEFORE.slice(0, 9),
  ...['other', '@@ -1,2 +3,4 @@', '-- removed', '++ added'],
  ...BEFORE.slice(10, 29),
  ...BEFORE.slice(35, 50),
  ...['--- a/src/b.ts', '+++ b/src/b.ts'],
  ...BEFORE.slice(50),
];

let repository: AuditedRepository;
beforeAll(() => {
  repository = auditedRepository();
  repository.commit({ 'src/a.ts': BEFORE.join('\n') }, 'First');
  repository.commit({ 'src/a.ts': AFTER.join('\n'), 'src/new.ts': 'one\ntwo\n' }, 'Second');
});
afterAll(() => repository.remove());

const linesOf = (contextLines: number): readonly DiffLine[] => {
  const git = openRepository(repository.folder, process.env.PATH ?? '');
  return [...diffLines(git.patch(git.commitOf('HEAD~1'), git.commitOf('HEAD'), contextLines))];
};

it.each([0, 3, 100])('numbers each line as in its file, with %d unchanged lines around', (contextLines) => {
  const lines = linesOf(contextLines);
  const texts = { added: AFTER, kept: AFTER, removed: BEFORE };
  for (const { path, side, number, text } of lines) {
    if (path === 'src/a.ts') expect(texts[side][number - 1]).toBe(text);
  }
  const count = (side: DiffLine['side'], path = 'src/a.ts') =>
    lines.filter((line) => line.side === side && line.path === path).length;
  expect([count('added'), count('removed'), count('added', 'src/new.ts')]).toEqual([6, 7, 2]);
  expect(count('kept') > 0).toBe(contextLines > 0);
});
