export type { PiiDetector, PiiFinding, SampledColumn } from './pii-detector.ts';
export { createPiiDetector, personalDataIn } from './pii-detector.ts';
