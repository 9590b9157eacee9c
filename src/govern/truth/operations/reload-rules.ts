import { z } from 'zod';
import { mutationOperation, nothingToJudge, permissionRule } from '../../scope/index.ts';
import type { RuleBook } from '../rule-book.ts';

/** `truth.reload`: reads the rules file again. A file with a mistake is refused and the rules in force stay. */
export function reloadRules(book: RuleBook) {
  return mutationOperation({
    name: 'truth.reload',
    summary: 'Reload truth rules',
    description: 'Reads the rules file again. A file with a mistake is refused, and the rules in force stay.',
    input: z.strictObject({}),
    output: z.strictObject({
      changed: z.boolean(),
      sha256: z.string(),
      rule_count: z.int().min(0),
      journal_event_id: z.string().nullable(),
    }),
    access: permissionRule('system.admin'),
    truth: nothingToJudge('The rules cannot judge their own replacement.'),
    async prepare(scope) {
      scope.requirePermission('system.admin');
      return {
        async attempt() {
          const reading = await book.read();
          const before = book.current();
          const { sha256, rules } = reading.rules;
          const changed = sha256 !== before.sha256;
          const names = rules.map((rule) => rule.name);
          const namesBefore = before.rules.map((rule) => rule.name);
          return {
            statements: [],
            event: changed
              ? {
                  action: 'truth.reloaded',
                  subject: 'truth:rules',
                  data: {
                    sha256_before: before.sha256,
                    sha256,
                    rules: names,
                    added: names.filter((name) => !namesBefore.includes(name)),
                    removed: namesBefore.filter((name) => !names.includes(name)),
                  },
                }
              : null,
            output: (eventId) => ({ changed, sha256, rule_count: rules.length, journal_event_id: eventId }),
            // In force only once the journal holds the change.
            afterCommit: async () => book.adopt(reading),
          };
        },
      };
    },
  });
}
