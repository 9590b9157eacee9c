export type { Audit, AuditOptions } from './audit.ts';
export { audit, isAuditedFolder } from './audit.ts';
export type { LedgerRow, Verdict } from './claims/claim.ts';
export type { PostTarget } from './post/post-audit.ts';
export { postAudit } from './post/post-audit.ts';
export type { Reader, ReaderAnswer, ReaderUse } from './read/reader.ts';
export { auditMarkdown } from './report/markdown-report.ts';
export { auditSarif } from './report/sarif-report.ts';
export { parseSettings } from './settings.ts';
