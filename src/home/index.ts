export type { BackupPorts, BackupReport } from './backup.ts';
export { backupHome, restoreHome } from './backup.ts';
export { requireFormat } from './format.ts';
export { makeHome } from './init.ts';
export type { HomeLayout } from './layout.ts';
export { homeLayout, isBelow } from './layout.ts';
export { createReadiness } from './readiness.ts';
export type { UpkeepTask } from './upkeep.ts';
export { commitTask, startUpkeep } from './upkeep.ts';
