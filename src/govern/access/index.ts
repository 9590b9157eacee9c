export type * from './access-control.ts';
