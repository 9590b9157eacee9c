import { z } from 'zod';
import { type AnyOperation, nothingToJudge, readOperation } from '../../govern/scope/index.ts';
import { type ContractParts, openApiDocument } from '../openapi.ts';

/** `system.openapi`: the description of this server, public like every API's manual. */
export function contractOperation(contract: () => ContractParts): AnyOperation {
  let document: Readonly<Record<string, unknown>> | null = null;
  return readOperation({
    name: 'system.openapi',
    summary: 'The OpenAPI 3.1 description of this server',
    description: 'Made from the registry of operations; the same for every caller.',
    input: z.strictObject({}),
    output: z.record(z.string(), z.unknown()),
    access: { kind: 'public', reason: 'the manual of the API; it holds no data and no name of any' },
    truth: nothingToJudge('no data'),
    async run() {
      document ??= openApiDocument(contract());
      return { kind: 'value', value: document, headers: { 'cache-control': 'no-cache' } };
    },
  });
}
