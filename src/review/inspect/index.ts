export { baselineIds, baselineText } from './baseline.ts';
export type { Finding, Severity } from './finding.ts';
export { findingsSince } from './findings-since.ts';
export type { Inspection } from './inspect-tree.ts';
export { inspectTree } from './inspect-tree.ts';
export { sarifLog } from './sarif.ts';
