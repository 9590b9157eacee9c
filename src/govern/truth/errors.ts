import { declareErrors } from '../../base/index.ts';

export const truthErrors = declareErrors('truth', {
  rules_invalid: {
    kind: 'invalid',
    title: 'Truth rules are not valid',
    remedy:
      'Mend the named key at the named line of the rules file. Until then the rules loaded before stay in force, and a start is refused.',
  },
  rules_unreadable: {
    kind: 'unavailable',
    title: 'Truth rules cannot be read',
    remedy:
      'Put the rules file where truth.rules_file names it. The system does not start without its rules.',
  },
  task_class_unknown: {
    kind: 'invalid',
    title: 'Nothing is judged under this task class',
    remedy: 'Name a task class of the list in the detail; GET /truth/rules shows which rules judge which.',
  },
  review_not_found: {
    kind: 'not_found',
    title: 'Review not found',
    remedy: 'Check the id with GET /truth/reviews. A review of another identity’s request answers the same.',
  },
  review_state: {
    kind: 'conflict',
    title: 'The review is in another state',
    remedy: 'Wait for the decision, or ask again without the answer: `state` says where it stands.',
  },
  own_review: {
    kind: 'forbidden',
    title: 'Nobody reviews their own request',
    remedy: 'Have another holder of the permission truth.review decide.',
  },
  context_too_large: {
    kind: 'too_large',
    title: 'Text too large for a truth rule',
    remedy: 'Send less text at once, or have the administrator simplify the pattern of the named rule.',
  },
});
