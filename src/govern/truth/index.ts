export type * from './truth.ts';
