import { z } from 'zod';
import { readOperation } from '../../../govern/scope/index.ts';
import type { ToolBook } from '../tool-book.ts';

/** `tools.list`: the tools the caller may call, with the JSON Schema of their arguments. */
export function listTools(book: ToolBook) {
  return readOperation({
    name: 'tools.list',
    summary: 'List tools',
    description: 'The tools you may call, each with its description and the JSON Schema of its arguments.',
    input: z.strictObject({}),
    output: z.strictObject({
      tools: z.array(
        z.strictObject({
          name: z.string(),
          description: z.string(),
          parameters: z.record(z.string(), z.unknown()).describe('JSON Schema of the arguments.'),
        }),
      ),
    }),
    access: {
      kind: 'authenticated',
      reason: 'Each tool is shown by the caller’s own right to it, judged one by one.',
    },
    truth: {
      before: { none: 'Lists declarations, no data.' },
      after: { none: 'Lists declarations, no data.' },
    },
    async run(scope) {
      const granted = [...book.current().tools.values()].filter(({ roles }) => scope.mayUseTool(roles));
      const tools = granted.map(({ name, description, parameters }) => ({
        name,
        description,
        parameters: { ...parameters },
      }));
      return { kind: 'value', value: { tools } };
    },
  });
}
