export type { AttemptOutcome, AttemptRow } from './attempt-row.ts';
export type { FindingLife } from './finding-life.ts';
export { findingLives, findingRowsOf } from './finding-life.ts';
export type { EvidenceTier, FindingRow, FindingSeverity } from './finding-row.ts';
export type { FindingCheck, IterationReading, ReportedFinding, SeenAnchor } from './iteration-reading.ts';
export type { KnowledgeDataset, ReadRow, RowKind } from './knowledge-datasets.ts';
export { KNOWLEDGE_DATASETS, readRow, storedRow } from './knowledge-datasets.ts';
export type { Bar, GradientTier, ReviewRow } from './review-row.ts';
export { barHash, medianOf } from './review-row.ts';
