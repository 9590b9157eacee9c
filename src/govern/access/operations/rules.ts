import type { AccessRule, Permission } from '../../scope/index.ts';

/** Truth rules judge data and answers; managing access has neither. */
export const noTruth = {
  before: { none: 'Managing access holds no data or answer to judge.' },
  after: { none: 'Managing access holds no data or answer to judge.' },
} as const;

/** Needs one permission and nothing of the request. */
export function needs<I>(permission: Permission): AccessRule<I, null> {
  return {
    kind: 'demands',
    resolve: async () => ({ demands: [{ kind: 'permission', permission }], resolved: null }),
  };
}

/** Keys, policies and roles are managed by who holds `access.admin`. */
export function accessAdminOnly<I>(): AccessRule<I, null> {
  return needs('access.admin');
}
