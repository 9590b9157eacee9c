/**
 * Whether a text speaks to whoever reads it, as planted instructions do: it asks to forget what was asked, to give a verdict,
 * or plays another part of the conversation. It finds what is plain; the frame and the citation hold against the rest.
 */
export function speaksToReader(text: string): boolean {
  return PATTERNS.some((pattern) => pattern.test(text));
}

const PATTERNS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules?|guidelines)\b/i,
  /\b(?:mark|report|judge|rate|treat|consider|answer|return|give)\b.{0,40}\bclaims?\b.{0,40}\b(?:backed|true|verified|proven)\b/i,
  /\b(?:reviewers?|auditors?|assistants?|AI)\b\s*[,:].{0,80}\b(?:approve|accept|report|mark|answer|say)\b/i,
  /\byou are (?:now )?(?:an?|the) (?:\w+ )?(?:AI|assistant|language model|auditor|reviewer)\b/i,
  /<\|\w+\|>|\[\/?INST\]|^\s*(?:system|assistant)\s*:/i,
  /"verdict"\s*:\s*"backed"/,
];
