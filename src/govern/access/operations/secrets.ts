import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { statement } from '../../../metastore/index.ts';
import { type AnyOperation, mutationOperation, type PreparedMutation } from '../../scope/index.ts';
import type { AccessParts } from '../access-parts.ts';
import type { SecretName } from '../access-secrets.ts';
import { secretFile } from '../access-secrets.ts';
import { accessErrors } from '../errors.ts';
import { addKeyVersion } from '../key-files.ts';
import { keysChanged } from '../key-statements.ts';
import { accessAdminOnly, noTruth } from './rules.ts';

const SECRET_NAMES = ['api-key', 'delegation', 'mask-hash'] as const satisfies readonly SecretName[];

const output = z.strictObject({
  name: z.enum(SECRET_NAMES),
  version: z.int().describe('The version now in force.'),
  previous_version: z.int(),
  journal_event_id: z.string().nullable(),
});

/**
 * `access.secrets.rotate`. The new version is written to the key file first, where it has no effect; the commit puts
 * it in force, and a crash before it leaves an unused line.
 */
export function rotateSecret(parts: AccessParts): AnyOperation {
  return mutationOperation({
    name: 'access.secrets.rotate',
    summary: 'Rotate a secret of the server',
    description:
      'Puts a new secret in force. api-key: keys stay valid and move to the new pepper when they are next used. delegation: tokens made before stay valid. mask-hash: hashes made before no longer equal new ones.',
    input: z.strictObject({ name: z.enum(SECRET_NAMES) }),
    output,
    access: accessAdminOnly(),
    truth: noTruth,
    async prepare(_scope, input): Promise<PreparedMutation<z.output<typeof output>>> {
      const file = secretFile(input.name);
      const version = addKeyVersion(parts.home, file, parts.random);
      return {
        async attempt(number) {
          if (number > 0) await parts.state.refresh();
          const previous_version = parts.state.secrets.versions[input.name];
          if (previous_version >= version) {
            throw new LakeError(accessErrors.secret_rotated, {
              detail: 'The secret was rotated by others just now.',
            });
          }
          const update = parts.reader.queries
            .updateTable('access_secrets')
            .set({ version })
            .where('name', '=', file)
            .where('version', '=', previous_version);
          return {
            statements: [
              statement(update, { rows: 1, refusal: 'secret_rotated' }),
              keysChanged(parts.reader),
            ],
            event: {
              action: 'secret.rotated',
              subject: `secret:${input.name}`,
              data: { version, previous_version },
            },
            output: (journal_event_id) => ({ name: input.name, version, previous_version, journal_event_id }),
            afterCommit: () => parts.state.refresh(),
          };
        },
      };
    },
  });
}
