export type { Ingestd, IngestdParts } from './create-ingestd.ts';
export { createIngestd } from './create-ingestd.ts';
