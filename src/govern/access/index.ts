export type {
  AccessControl,
  AuditClosing,
  AuditOpening,
  Credentials,
  DemandAnswer,
} from './access-control.ts';
export type { DatasetDirectory } from './access-parts.ts';
export type { AdminKey } from './bootstrap.ts';
export { bootstrap, recoverAdminKey } from './bootstrap.ts';
export type { Access, AccessOptions } from './create-access.ts';
export { createAccess } from './create-access.ts';
export type { ExpressionParser, ExpressionResult, ParsedExpression } from './expression-parser.ts';
export { createExpressionParser, EXPRESSION_OPERATORS } from './expression-parser.ts';
export type { CompiledMaskMethod, MaskHashSql } from './mask-sql.ts';
export { compileMaskSql, maskHashBlocks } from './mask-sql.ts';
export type { PolicyDocument } from './policy-document.ts';
export { checkPolicyToml } from './policy-toml.ts';
export type { Timer } from './timer.ts';
export { systemTimer } from './timer.ts';
