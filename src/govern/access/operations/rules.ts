import { nothingToJudge, permissionRule } from '../../scope/index.ts';

/** Truth rules judge data and answers; managing access has neither. */
export const noTruth = nothingToJudge('Managing access holds no data or answer to judge.');

/** Keys, policies and roles are managed by who holds `access.admin`. */
export function accessAdminOnly() {
  return permissionRule('access.admin');
}
