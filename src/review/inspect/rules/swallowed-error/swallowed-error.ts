import { placeOf, type Rule } from '../../rule.ts';
import { functionAround, functionName, isFunction, lastName } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { isEnforcementName } from '../../words.ts';

/** Failures that nobody learns of. */
export const swallowedError: Rule = {
  id: 'swallowed-error',
  severity: 'warning',
  title: 'failures that nobody learns of',
  remedy: 'Handle the failure, pass it on, or say in a comment why it does not matter.',
  start: () => ({
    source(file, report) {
      if (file.role !== 'production') return;
      for (const clause of file.nodesOf('CatchClause')) {
        const claim = claimOf(file, clause);
        if (claim !== null) report({ place: placeOf(file, clause), ...claim });
      }
      for (const call of file.nodesOf('CallExpression')) {
        if (!ignoresRejection(file, call)) continue;
        const claim = 'A rejected promise is ignored: its `catch` does nothing, and no comment says why.';
        report({ place: placeOf(file, call), claim });
      }
    },
  }),
};

function claimOf(
  file: ParsedSource,
  clause: NodeOf<'CatchClause'>,
): { readonly claim: string; readonly severity?: 'error' } | null {
  const statement = file.parentOf(clause);
  if (statement?.type !== 'TryStatement') return null;
  const guard = guardIn(file, statement);
  if (isExplained(file, statement, clause, guard !== null)) return null;
  const { body } = clause.body;
  if (body.length === 0) {
    if (guard !== null)
      return { claim: `A failure of \`${guard}\` is caught and ignored.`, severity: 'error' };
    // A name such as `ignored` says what a comment would.
    if (clause.param !== null && /ignore/i.test(file.textOf(clause.param))) return null;
    if (isCleanUp(file, statement.block) || !hasEffect(statement.block)) return null;
    return { claim: 'A failure is caught and ignored, and no comment says why.' };
  }
  if (guard === null || statement.finalizer !== null || !body.every((one) => isLogging(file, one)))
    return null;
  return {
    claim: `A failure of \`${guard}\` is logged, and the work goes on as if it had passed.`,
    severity: 'error',
  };
}

/** A comment in the clause or at its end; above the statement too, but for a guard, of which it may speak as well. */
function isExplained(file: ParsedSource, statement: Node, clause: Node, isGuard: boolean): boolean {
  const first = file.lineAt(statement.start);
  return file.comments.some(({ start, end }) => {
    if (start >= clause.start && end <= clause.end) return true;
    const line = file.lineAt(end);
    return end <= statement.start
      ? !isGuard && line >= first - 1
      : start > clause.start && file.lineAt(start) === file.lineAt(clause.end);
  });
}

/** The enforcement that is tried: a call whose name speaks of it, as a statement of its own. */
function guardIn(file: ParsedSource, statement: NodeOf<'TryStatement'>): string | null {
  for (const one of statement.block.body) {
    if (one.type !== 'ExpressionStatement') continue;
    const expression = one.expression.type === 'AwaitExpression' ? one.expression.argument : one.expression;
    if (expression.type !== 'CallExpression') continue;
    const name = lastName(file, expression.callee);
    if (name !== null && isEnforcementName(name)) return name;
  }
  return null;
}

/** Letting go of something that may be gone already. */
function isCleanUp(file: ParsedSource, block: NodeOf<'BlockStatement'>): boolean {
  return (
    block.body.length > 0 &&
    block.body.every((one) => {
      const expression = one.type === 'ExpressionStatement' ? one.expression : null;
      const call = expression?.type === 'AwaitExpression' ? expression.argument : expression;
      return call?.type === 'CallExpression' && CLEAN_UP.test(lastName(file, call.callee) ?? '');
    })
  );
}

const CLEAN_UP =
  /^(?:unlink|rm|rmdir|remove|close|kill|destroy|abort|end|terminate|cancel|release|dispose|disconnect|unref|delete|clear|stop|revoke|unsubscribe|cleanup|closeSync|unlinkSync|rmSync|rmdirSync)\w*$/;

/**
 * Whether the block is tried for what it does. One that assigns or returns is tried for a value, and the code around it
 * goes on with another one.
 */
function hasEffect(block: NodeOf<'BlockStatement'>): boolean {
  const isCall = block.body.every((one) => {
    if (one.type !== 'ExpressionStatement') return false;
    const expression = one.expression.type === 'AwaitExpression' ? one.expression.argument : one.expression;
    return expression.type === 'CallExpression';
  });
  return isCall && block.body.length > 0;
}

function isLogging(file: ParsedSource, statement: Node): boolean {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'CallExpression')
    return false;
  return /\b(?:console|log|logger|debug|winston|pino)\b/.test(file.textOf(statement.expression.callee));
}

/** `.catch(() => {})` without a comment in it or beside it. */
function ignoresRejection(file: ParsedSource, call: NodeOf<'CallExpression'>): boolean {
  if (call.callee.type !== 'MemberExpression' || lastName(file, call.callee) !== 'catch') return false;
  const [handler] = call.arguments;
  if (call.arguments.length !== 1 || !isFunction(handler)) return false;
  if (handler.body?.type !== 'BlockStatement' || handler.body.body.length > 0) return false;
  const first = file.lineAt(call.start);
  const last = file.lineAt(call.end);
  const isSaid = file.comments.some(({ start, end }) => {
    const line = file.lineAt(start);
    return (line >= first && line <= last) || (file.lineAt(end) === first - 1 && end < call.start);
  });
  // A promise that is kept is handled by whoever keeps it; this only waits for it.
  const target = call.callee.object;
  const holder = file.parentOf(call);
  const statement = holder?.type === 'AwaitExpression' ? file.parentOf(holder) : holder;
  const isUnaryVoid = statement?.type === 'UnaryExpression' && statement.operator === 'void';
  if (target.type !== 'CallExpression' || (statement?.type !== 'ExpressionStatement' && !isUnaryVoid))
    return false;
  const isClosing = CLEAN_UP.test(lastName(file, target.callee) ?? '');
  const around = functionAround(file, call);
  const isInCleanUp = around !== null && CLEAN_UP.test(functionName(file, around) ?? '');
  return !isSaid && !isClosing && !isInCleanUp;
}
