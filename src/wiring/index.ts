export { backupPorts, verifyHome } from './backup-ports.ts';
export { checkSettings } from './check-settings.ts';
export { type HomeOptions, openHome, withAdminKey } from './open-home.ts';
export { openSystem } from './open-system.ts';
