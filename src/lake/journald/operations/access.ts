import type { AccessRule } from '../../../govern/scope/index.ts';

/** Needs `journal.read`; the journal names subjects of every dataset, so no narrower right would do. */
export function journalRead<I>(): AccessRule<I, null> {
  return {
    kind: 'demands',
    resolve: async () => ({
      demands: [{ kind: 'permission', permission: 'journal.read' }],
      resolved: null,
    }),
  };
}
