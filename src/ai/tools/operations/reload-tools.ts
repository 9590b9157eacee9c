import { z } from 'zod';
import { mutationOperation, permissionRule } from '../../../govern/scope/index.ts';
import type { ToolBook } from '../tool-book.ts';

/** `tools.reload`: reads the tool files again. A file with a mistake is refused and the tools in force stay. */
export function reloadTools(book: ToolBook) {
  return mutationOperation({
    name: 'tools.reload',
    summary: 'Reload tools',
    description: 'Reads the tool files again. A file with a mistake is refused, and the tools in force stay.',
    input: z.strictObject({}),
    output: z.strictObject({
      changed: z.boolean(),
      sha256: z.string(),
      tool_count: z.int().min(0),
      journal_event_id: z.string().nullable(),
    }),
    access: permissionRule('system.admin'),
    truth: {
      before: { none: 'Declarations are checked by their own schema.' },
      after: { none: 'Declarations are checked by their own schema.' },
    },
    async prepare(scope) {
      scope.requirePermission('system.admin');
      return {
        async attempt() {
          const reading = await book.read();
          const before = book.current();
          const { sha256, tools } = reading.set;
          const changed = sha256 !== before.sha256;
          const names = [...tools.keys()];
          const data = {
            sha256_before: before.sha256,
            sha256,
            tools: names,
            added: names.filter((name) => !before.tools.has(name)),
            removed: [...before.tools.keys()].filter((name) => !tools.has(name)),
          };
          return {
            statements: [],
            event: changed ? { action: 'tools.reloaded', subject: 'tools:folder', data } : null,
            output: (eventId) => ({ changed, sha256, tool_count: tools.size, journal_event_id: eventId }),
            // In force only once the journal holds the change.
            afterCommit: async () => book.adopt(reading),
          };
        },
      };
    },
  });
}
