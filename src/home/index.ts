export type { BackupPorts, BackupReport } from './backup.ts';
export { backupHome, restoreHome } from './backup.ts';
export { homeErrors } from './errors.ts';
export { requireFormat, writeFormat } from './format.ts';
export type { HomeLayout } from './layout.ts';
export { homeLayout } from './layout.ts';
