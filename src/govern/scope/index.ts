export type { ColumnFacts, DatasetFacts } from './dataset-facts.ts';
export type {
  Authorisation,
  BoundExpression,
  DatasetDecision,
  MaskDecision,
  MaskMethod,
} from './decision.ts';
export { isUnrestricted, MASK_METHODS } from './decision.ts';
export type {
  BucketAction,
  BucketDemand,
  DatasetAction,
  DatasetDemand,
  Demand,
  ModelDemand,
  Permission,
  PermissionDemand,
  ToolDemand,
} from './demand.ts';
export { BUCKET_ACTIONS, DATASET_ACTIONS, PERMISSIONS } from './demand.ts';
export type { HttpRoute } from './http-route.ts';
export type { AttributeValue, Identity } from './identity.ts';
export { identityLabel, SYSTEM_IDENTITY } from './identity.ts';
export type {
  AccessRule,
  AnyOperation,
  EventDraft,
  Invocation,
  JudgedChunk,
  MutationAttempt,
  MutationInvocation,
  MutationOperation,
  NestedAnswer,
  Operation,
  PreparedMutation,
  ReadAnswer,
  ReadInvocation,
  ReadOperation,
  Resolution,
  TruthRule,
} from './operation.ts';
export { mutationOperation, nothingToJudge, permissionRule, readOperation } from './operation.ts';
export type { AnyScope } from './scope.ts';
export { ReadScope, ResolveScope, requireOpenScope, scopeIssuer, WriteScope } from './scope.ts';
export type { SpendOutcome, SpendPlan } from './spending.ts';
export { Spending, spendingIssuer } from './spending.ts';
