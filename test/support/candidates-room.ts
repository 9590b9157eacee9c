import type { AnyOperation } from '../../src/govern/scope/index.ts';
import { type AccessRoom, openAccessRoom } from './access-room.ts';
import { column, datasetOf } from './policy-cases.ts';

export const secretSql = "region = identity.region AND name <> 'Top Secret'";

/** Analysts see candidates of their region, with masked addresses; auditors see no data. */
export const candidatesPolicy = {
  roles: {
    analyst: {
      grants: [{ dataset: 'candidates', actions: ['read'] }],
      buckets: [{ bucket: 'default', prefix: 'reports', actions: ['read', 'list'] }],
    },
    auditor: { permissions: ['audit.read', 'journal.read'] },
  },
  masks: [{ tag: 'pii.email', method: 'email', except_roles: ['admin'] }],
  row_filters: [{ dataset: 'candidates', where: secretSql, except_roles: ['admin'] }],
};

/** A room with that policy, three datasets and the key of an analyst, `ada`. */
export async function openCandidatesRoom(
  operations: readonly AnyOperation[] = [],
): Promise<{ room: AccessRoom; analyst: string }> {
  const room = await openAccessRoom({ operations });
  room.datasets.push(
    datasetOf('candidates', [
      { sinceMs: 1, columns: [column(1, 'name'), column(2, 'region'), column(3, 'email', 'pii.email')] },
    ]),
    datasetOf('secrets', [{ sinceMs: 1, columns: [column(1, 'name')] }]),
    datasetOf('known', [{ sinceMs: 1, columns: [column(1, 'name')] }], { discoverable: true, owner: 'olga' }),
  );
  await room.call('access.policies.put', candidatesPolicy);
  const made = await room.call('access.keys.create', {
    name: 'ada',
    role: 'analyst',
    attributes: { region: 'EU' },
  });
  return { room, analyst: made.key };
}
