export type { PiiDetector, PiiFinding, SampledColumn } from './pii-detector.ts';
export { createPiiDetector } from './pii-detector.ts';
