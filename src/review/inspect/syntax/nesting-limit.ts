/**
 * Whether a text may be nested deeper than the parser's stack. The parser is native code and ends the process where a
 * file of a hostile tree nests some 10,000 times; strings and comments count as code here, which only errs to the safe
 * side. Measured on oxc-parser 0.159: brackets, `?:`, `=>` and `else if` end it between 5,000 and 10,000, operators
 * between 20,000 and 100,000.
 */
export function mayNestTooDeep(text: string): boolean {
  let depth = 0;
  let deepest = 0;
  let chained = 0;
  let operators = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x28: // (
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > deepest) deepest = depth;
        break;
      case 0x29: // )
      case 0x5d: // ]
      case 0x7d: // }
        if (depth > 0) depth -= 1;
        break;
      case 0x3f: // ?
        chained += 1;
        break;
      case 0x3e: // > of =>
        if (text.charCodeAt(at - 1) === 0x3d) chained += 1;
        break;
      case 0x2b: // +
      case 0x21: // !
      case 0x26: // &
      case 0x7c: // |
      case 0x7e: // ~
        operators += 1;
        break;
      default:
    }
  }
  if (deepest > MOST_BRACKETS || operators > MOST_OPERATORS || chained > MOST_CHAINED) return true;
  return text.length > MOST_CHAINED * 4 && text.split('else').length > MOST_CHAINED;
}

const MOST_BRACKETS = 2_000;
const MOST_CHAINED = 4_500;
const MOST_OPERATORS = 18_000;
