export { readCatalogue } from './catalogue/catalogue-file.ts';
export { createAibridge } from './create-aibridge.ts';
export { openRouting } from './routing/open-routing.ts';
