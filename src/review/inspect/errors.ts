import { declareErrors } from '../../base/index.ts';

export const reviewErrors = declareErrors('review', {
  path_not_found: {
    kind: 'invalid',
    title: 'No such folder to review',
    remedy: 'Name a folder that exists; without a name, the current one is reviewed.',
  },
  unknown_rule: {
    kind: 'invalid',
    title: 'No such rule',
    remedy: 'Name a rule that docs/review.md lists, as often as wanted.',
  },
  unknown_revision: {
    kind: 'invalid',
    title: 'Git does not know the revision',
    remedy: 'Name a commit, tag or branch of the repository that holds the reviewed folder.',
  },
  unsafe_repository: {
    kind: 'invalid',
    title: 'A repository whose configuration would start a program',
    remedy: 'Look at its git configuration, and take the filter out that the detail names.',
  },
  invalid_baseline: {
    kind: 'invalid',
    title: 'Not a baseline',
    remedy: 'Write one with --write-baseline, and review the difference like code.',
  },
});
