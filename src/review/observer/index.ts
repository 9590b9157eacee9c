export { createObserver } from './create-observer.ts';
export { readEscalations } from './escalation-rules.ts';
export type { NewEvent } from './event.ts';
