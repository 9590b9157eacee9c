export { createScrum } from './create-scrum.ts';
export { packedSha256 } from './packed-input.ts';
export { readPrompts } from './review-prompts.ts';
export type { ScrumNews } from './scrum-news.ts';
