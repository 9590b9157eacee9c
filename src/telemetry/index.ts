export type { Telemetry } from './create-telemetry.ts';
export { createTelemetry } from './create-telemetry.ts';
