import { joined, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'email',
    'e mail',
    'emails',
    'emailaddress',
    'mail address',
    'correo',
    'courriel',
    'emailadresse',
    '邮箱',
    '邮件地址',
    'メール',
    '電子メール',
    '이메일',
    'почта',
  ],
  hints: ['mail', 'recipients', 'recipient', 'from', 'to', 'cc', 'bcc', 'login'],
  denies: [
    'message id',
    'remote',
    'url',
    'uri',
    'image',
    'package',
    'hash',
    'count',
    'sent',
    'verified',
    'opt',
    'template',
    'status',
  ],
};

/**
 * Local part, domain labels, an alphabetic top level; bounded, so the cost per position is bounded too. What stands before the
 * host of a URL (`ssh://git@…`, `https://user:secret@…`) is none; what follows another colon is (`mailto:…`).
 */
const ADDRESS =
  /(?<![\p{L}\d._%+/-]|\/\/[^\s/@]{0,64}:)[\p{L}\d._%+'-]{1,64}@(?:[\p{L}\d-]{1,63}\.){1,5}\p{L}{2,24}(?![\p{L}\d@-])/u;
/** The first half of a pair of surrogates may become a letter. */
const OPEN = /[\p{L}\d._%+'\ud800-\udbff-]{1,64}(?:@[\p{L}\d.\ud800-\udbff-]*)?$/u;
/** Up to the sign that hardly anything else holds. */
const BEGUN = /[\p{L}\d._%+'\ud800-\udbff-]{1,64}@[\p{L}\d.\ud800-\udbff-]*$/u;
/** Free text counts from this share on: one address in twenty values is enough to hide the column. */
const IN_TEXT_FROM = 0.05;

/** `pii.email`: an address as the value or inside free text. */
export const emailKind: PiiKind = {
  tag: 'pii.email',
  confidence(column) {
    const share = shareOf(column.values, (value) => value.includes('@') && ADDRESS.test(value));
    return joined(nameSignal(column.name, PHRASES), column, { share, aloneFrom: IN_TEXT_FROM });
  },
  inText: { holds: (text) => text.includes('@') && ADDRESS.test(text), open: OPEN, begun: BEGUN },
};
