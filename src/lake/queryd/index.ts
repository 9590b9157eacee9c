export type { Queryd, QuerydParts } from './create-queryd.ts';
export { createQueryd } from './create-queryd.ts';
