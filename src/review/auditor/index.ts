export type { Audit, AuditOptions } from './audit.ts';
export { audit } from './audit.ts';
export type { LedgerRow, Verdict } from './claims/claim.ts';
export { auditMarkdown } from './report/markdown-report.ts';
export { auditSarif } from './report/sarif-report.ts';
export { parseSettings } from './settings.ts';
