export interface RepositoryOption {
  readonly repository?: string;
}

/** The repository around the current folder, unless another is named. */
export async function repositoryName({ repository }: RepositoryOption): Promise<string> {
  if (repository !== undefined) return repository;
  // It loads the reviewers' parsers, which other commands do not need.
  const { repositoryNameAt } = await import('./repository-name.ts');
  return repositoryNameAt('.');
}
