import type { ChatMessage, ContentPart } from '../chat.ts';
import type { AnthropicLoss } from './anthropic-losses.ts';
import type { RequestLosses } from './request-losses.ts';
import type { RequestNode } from './request-node.ts';

export type AnthropicLosses = RequestLosses<AnthropicLoss>;

const CARRIED_OF_TURN = new Set(['role', 'content']);
/** Of blocks of every kind; those of no kind that is read are refused as a whole. */
const CARRIED_OF_BLOCK = new Set([
  'type',
  'text',
  'source',
  'id',
  'name',
  'input',
  'tool_use_id',
  'content',
  'is_error',
  'thinking',
  'signature',
  'data',
  'cache_control',
]);

/** The instructions of a request: text, or blocks of text. */
export function readSystem(system: RequestNode, losses: AnthropicLosses): readonly ChatMessage[] {
  if (system.isAbsent) return [];
  const parts = readBlocks(system, losses);
  return parts.length === 0 ? [] : [{ role: 'system', parts }];
}

/**
 * One turn as messages of the canonical chat. Results of tools are blocks of the user's turn here and messages of their own
 * there; what the user says beside them follows.
 */
export function readTurn(turn: RequestNode, losses: AnthropicLosses): readonly ChatMessage[] {
  const role = turn.member('role').string();
  losses.noteOthers(turn, CARRIED_OF_TURN, 'messages.');
  const parts = readBlocks(turn.member('content'), losses);
  if (role === 'assistant' || role === 'system') return [{ role, parts }];
  if (role !== 'user') {
    losses.note('messages.role', turn);
    return [];
  }
  const results = parts.filter(({ kind }) => kind === 'tool_result');
  const said = parts.filter(({ kind }) => kind !== 'tool_result');
  return [
    ...results.map((result): ChatMessage => ({ role: 'tool', parts: [result] })),
    ...(said.length === 0 && results.length > 0 ? [] : [{ role: 'user', parts: said } as const]),
  ];
}

/** Notes where a client asks for its prompt to be kept. */
export function noteCacheControl(node: RequestNode, losses: AnthropicLosses): void {
  if (!node.member('cache_control').isAbsent) losses.note('cache_control');
}

function readBlocks(content: RequestNode, losses: AnthropicLosses): readonly ContentPart[] {
  if (typeof content.value === 'string') return [{ kind: 'text', text: content.value }];
  if (!Array.isArray(content.value)) return content.fail('a string or a list of blocks');
  return content.items().flatMap((block) => readBlock(block, losses));
}

function readBlock(block: RequestNode, losses: AnthropicLosses): readonly ContentPart[] {
  const type = block.member('type').string();
  noteCacheControl(block, losses);
  losses.noteOthers(block, CARRIED_OF_BLOCK, 'messages.');
  switch (type) {
    case 'text':
      return [{ kind: 'text', text: block.member('text').string() }];
    case 'image':
      return readImage(block, losses);
    case 'tool_use':
      return [
        {
          kind: 'tool_call',
          id: block.member('id').string(),
          name: block.member('name').string(),
          argumentsJson: JSON.stringify(block.member('input').object()),
        },
      ];
    case 'tool_result':
      return [
        {
          kind: 'tool_result',
          id: block.member('tool_use_id').string(),
          text: readResult(block.member('content'), losses),
          isError: block.member('is_error').optionalBoolean() ?? false,
        },
      ];
    case 'thinking': {
      const signature = block.member('signature').optionalString();
      const text = block.member('thinking').string();
      return [{ kind: 'reasoning', text, signature: signature === '' ? null : signature }];
    }
    case 'redacted_thinking':
      losses.notePart('messages.redacted_thinking', block);
      return [];
    default:
      losses.notePart('messages.content', block);
      return [];
  }
}

function readImage(block: RequestNode, losses: AnthropicLosses): readonly ContentPart[] {
  const source = block.member('source');
  switch (source.member('type').string()) {
    case 'base64': {
      const mediaType = source.member('media_type').string();
      return [{ kind: 'image', mediaType, data: source.member('data').string(), url: null }];
    }
    case 'url':
      return [{ kind: 'image', mediaType: '', data: null, url: source.member('url').string() }];
    default:
      losses.notePart('messages.content', block);
      return [];
  }
}

function readResult(content: RequestNode, losses: AnthropicLosses): string {
  if (content.isAbsent) return '';
  if (typeof content.value === 'string') return content.value;
  const texts = content.items().flatMap((block) => {
    if (block.member('type').string() === 'text') return [block.member('text').string()];
    losses.notePart('messages.tool_result.content', block);
    return [];
  });
  return texts.join('\n');
}
