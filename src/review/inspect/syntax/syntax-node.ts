import type { Node } from 'oxc-parser';

export type { Node };
export type NodeType = Node['type'];
/** The nodes of one type. */
export type NodeOf<T extends NodeType, N = Node> = N extends { readonly type: infer U }
  ? T extends U
    ? N
    : never
  : never;
