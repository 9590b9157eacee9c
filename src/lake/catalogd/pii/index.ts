export type { PiiDetector, PiiFinding, SampledColumn } from './pii-detector.ts';
export { createPiiDetector, personalDataInText } from './pii-detector.ts';
