import { z } from 'zod';
import { type Identity, nothingToJudge, readOperation } from '../../../govern/scope/index.ts';
import type { RunningQueries } from '../running-queries.ts';

const inputSchema = z.strictObject({ query_id: z.string().min(1).max(64) });
const outputSchema = z.strictObject({ query_id: z.string(), cancelled: z.literal(true) });

/** `query.cancel`: stops a running query of the caller's own, or anyone's for who may administer the system. */
export function queryCancelOperation(deps: {
  readonly running: RunningQueries;
  readonly isAdministrator: (identity: Identity) => boolean;
}) {
  return readOperation<z.infer<typeof inputSchema>, z.infer<typeof outputSchema>, undefined>({
    name: 'query.cancel',
    summary: 'Cancel a running query',
    description:
      'Stops a query by its id, or every query of a request, as of a tool or a chat, by the request’s. Another caller’s query ' +
      'answers like one that does not exist.',
    input: inputSchema,
    output: outputSchema,
    access: { kind: 'authenticated', reason: 'A caller may stop what the caller started.' },
    truth: nothingToJudge('Stopping a query shows and changes nothing.'),
    async run(scope, { query_id }) {
      deps.running.cancel(scope.identity, query_id, deps.isAdministrator(scope.identity));
      return { kind: 'value', value: { query_id, cancelled: true as const } };
    },
  });
}
