import type { GitRepository } from '../../review/auditor/index.ts';

/** The command by which a repository runs its own tests, by the files at its top; null where none says so. */
export function testCommandOf(repository: GitRepository, commit: string): readonly string[] | null {
  const manifest = repository.textAt(commit, 'package.json');
  if (manifest !== null && hasTestScript(manifest)) return ['npm', 'test', '--'];
  const found = COMMANDS.find(([file]) => repository.textAt(commit, file) !== null);
  return found?.[1] ?? null;
}

const COMMANDS: readonly (readonly [file: string, command: readonly string[]])[] = [
  ['Cargo.toml', ['cargo', 'test', '--offline']],
  ['go.mod', ['go', 'test', './...']],
  ['pyproject.toml', ['python3', '-m', 'pytest']],
  ['setup.py', ['python3', '-m', 'pytest']],
  ['pom.xml', ['mvn', '--offline', '--quiet', 'test']],
  ['build.gradle', ['gradle', '--offline', 'test']],
  ['Makefile', ['make', 'test']],
];

function hasTestScript(manifest: string): boolean {
  try {
    const { scripts } = JSON.parse(manifest);
    return typeof scripts?.test === 'string';
  } catch {
    // A broken manifest says nothing about tests.
    return false;
  }
}
