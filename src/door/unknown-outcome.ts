import { isLakeError } from '../base/index.ts';
import { metastoreErrors } from '../metastore/index.ts';

/** Whether what a commit held may or may not have been kept. */
export function isUnknown(error: unknown): boolean {
  return isLakeError(error) && error.code === metastoreErrors.outcome_unknown.code;
}
