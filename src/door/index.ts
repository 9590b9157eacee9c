export { commitAsSystem } from './commit-as-system.ts';
export type { CreatedDoor, DoorParts } from './create-door.ts';
export { createDoor } from './create-door.ts';
export type { Answer, Call, Door, StreamAnswer, ValueAnswer } from './door.ts';
export { inputMistake } from './input-mistake.ts';
export type { Settle, Settlement } from './settle-intents.ts';
export { settleIntents } from './settle-intents.ts';
