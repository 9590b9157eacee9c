export type * from './engine.ts';
export { EngineFailure, NO_COLUMNS } from './engine-failure.ts';
export { engineErrors, sqlFailures } from './errors.ts';
export { createParser, lineAndColumn } from './parser.ts';
export type { EngineParts } from './pool.ts';
export { createEnginePool } from './pool.ts';
