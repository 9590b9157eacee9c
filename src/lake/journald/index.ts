export type { Journald } from './create-journald.ts';
export { createJournald } from './create-journald.ts';
export type { EventContext, Journal } from './journal.ts';
export { readKeptCheckpoint } from './kept-checkpoint.ts';
export type { OpenIntent } from './open-intents.ts';
export type { JournalProblem } from './problems.ts';
export type { VerifyReport } from './verify.ts';
export { verifyOffline } from './verify-offline.ts';
