import { declareErrors } from '../../base/index.ts';

export const auditorErrors = declareErrors('auditor', {
  repository_not_found: {
    kind: 'invalid',
    title: 'No git repository to audit',
    remedy: 'Name the folder of a git repository with --repo, and see that git is installed.',
  },
  unknown_revision: {
    kind: 'invalid',
    title: 'Git does not know the commit or range',
    remedy: 'Name a commit, or a range such as main..HEAD, of the audited repository.',
  },
  history_missing: {
    kind: 'invalid',
    title: 'A clone that lacks history the audit reads',
    remedy: 'Fetch the whole history: git fetch --unshallow, or a checkout without a depth.',
  },
  range_too_large: {
    kind: 'too_large',
    title: 'More commits than one audit reads',
    remedy: 'Audit a shorter range.',
  },
  invalid_settings: {
    kind: 'invalid',
    title: 'Settings of the auditor that are not valid',
    remedy: 'Correct the line that the detail names.',
  },
  post_refused: {
    kind: 'unavailable',
    title: 'The code host did not take the result',
    remedy: 'Check the address, the repository, the number of the pull request and the rights of the token.',
    retryable: true,
  },
});
