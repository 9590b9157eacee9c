export { createAibridge } from './create-aibridge.ts';
