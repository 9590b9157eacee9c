export { createTools } from './create-tools.ts';
export { openToolBook } from './tool-book.ts';
