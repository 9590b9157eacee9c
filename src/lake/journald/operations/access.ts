import { permissionRule } from '../../../govern/scope/index.ts';

/** Needs `journal.read`; the journal names subjects of every dataset, so no narrower right would do. */
export function journalRead() {
  return permissionRule('journal.read');
}
