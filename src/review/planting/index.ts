export { CONTROLS } from './controls.ts';
export { MUTATORS } from './mutators.ts';
export type { Planted, PlantingFile } from './planting-file.ts';
export { plantingFile } from './planting-file.ts';
export type { ReadingCase } from './reading-cases.ts';
export { readingCases } from './reading-cases.ts';
export { shuffled } from './shuffled.ts';
