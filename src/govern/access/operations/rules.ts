import { permissionRule } from '../../scope/index.ts';

/** Truth rules judge data and answers; managing access has neither. */
export const noTruth = {
  before: { none: 'Managing access holds no data or answer to judge.' },
  after: { none: 'Managing access holds no data or answer to judge.' },
} as const;

/** Keys, policies and roles are managed by who holds `access.admin`. */
export function accessAdminOnly() {
  return permissionRule('access.admin');
}
