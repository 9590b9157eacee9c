import type { Permission, Resolution } from '../../scope/index.ts';

/** Truth rules judge data and answers; managing access has neither. */
export const noTruth = {
  before: { none: 'Managing access holds no data or answer to judge.' },
  after: { none: 'Managing access holds no data or answer to judge.' },
} as const;

/** Needs one permission and nothing of the request. */
export function needs(permission: Permission) {
  const resolution: Resolution<null> = { demands: [{ kind: 'permission', permission }], resolved: null };
  return { kind: 'demands', resolve: async () => resolution } as const;
}

/** Keys, policies and roles are managed by who holds `access.admin`. */
export function accessAdminOnly() {
  return needs('access.admin');
}
