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
  context_too_large: {
    kind: 'too_large',
    title: 'Text too large for a truth rule',
    remedy: 'Send less text at once, or have the administrator simplify the pattern of the named rule.',
  },
});
