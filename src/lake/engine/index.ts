export type * from './engine.ts';
export { EngineFailure } from './engine-failure.ts';
export { engineErrors, sqlFailures } from './errors.ts';
export { createParser, lineAndColumn } from './parser.ts';
export type { EngineParts } from './pool.ts';
export { createEnginePool } from './pool.ts';
