import { describe, expect, it } from 'vitest';
import { byRole, type CandidateFile, type FileSelection, selectFiles } from './file-selection.ts';

const FILES: readonly CandidateFile[] = [
  { path: 'README.md', language: null, role: 'production' },
  { path: 'examples/use.ts', language: 'typescript', role: 'example' },
  { path: 'src/a.test.ts', language: 'typescript', role: 'test' },
  { path: 'src/a.ts', language: 'typescript', role: 'production' },
  { path: 'src/core/b.rs', language: 'rust', role: 'production' },
];

const EVERYTHING: FileSelection = { include: [], exclude: [], languages: [], roles: [], maxFiles: null };

describe('the files of a review', () => {
  it.each<[string, Partial<FileSelection>, string[]]>([
    ['every source', {}, ['examples/use.ts', 'src/a.test.ts', 'src/a.ts', 'src/core/b.rs']],
    ['of a folder', { include: ['src/core/'] }, ['src/core/b.rs']],
    ['of a folder, as a shell completes it', { include: ['./src/core'] }, ['src/core/b.rs']],
    ['of a pattern', { include: ['src/**/*.ts'] }, ['src/a.test.ts', 'src/a.ts']],
    ['by the name of a file alone', { include: ['*.rs'] }, ['src/core/b.rs']],
    ['no source, where it is named', { include: ['README.md'] }, ['README.md']],
    ['without what is excluded', { exclude: ['*.test.ts', 'examples'] }, ['src/a.ts', 'src/core/b.rs']],
    ['of a language', { languages: ['rust'] }, ['src/core/b.rs']],
    ['of a role', { roles: ['test', 'example'] }, ['examples/use.ts', 'src/a.test.ts']],
  ])('are %s', (_, selection, paths) => {
    const selected = selectFiles(FILES, { ...EVERYTHING, ...selection });
    expect(selected.map(({ path }) => path)).toEqual(paths);
  });

  it('have a language, which is text where they are no source', () => {
    expect(selectFiles(FILES, { ...EVERYTHING, include: ['README.md'] })).toMatchObject([
      { language: 'text' },
    ]);
  });

  it('stand in the order of what matters to users', () => {
    expect([...FILES].sort(byRole).map(({ path }) => path)).toEqual([
      'README.md',
      'src/a.ts',
      'src/core/b.rs',
      'src/a.test.ts',
      'examples/use.ts',
    ]);
  });
});
