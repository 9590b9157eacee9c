export type { Planted } from './planting-file.ts';
export type { PlantingLanguage, PlantingSource } from './planting-source.ts';
export { controlKinds, defectKinds, plantingLanguageOf, plantingSource } from './planting-source.ts';
export type { ReadingCase } from './reading-cases.ts';
export { readingCases } from './reading-cases.ts';
export { shuffled } from './shuffled.ts';
