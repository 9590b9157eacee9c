export { createObserver } from './create-observer.ts';
export type { NewEvent } from './event.ts';
