import { describeProvider } from './provider.contract.ts';

describeProvider({
  kind: 'openai-compatible',
  basePath: '/v1',
  thinkingSignature: null,
  finishIsTerminator: false,
  countsDetails: true,
  hasEmbeddings: true,
});

describeProvider({
  kind: 'anthropic',
  basePath: '',
  thinkingSignature: 'c2lnbmVk',
  finishIsTerminator: false,
  countsDetails: true,
  hasEmbeddings: false,
});

describeProvider({
  kind: 'ollama',
  basePath: '',
  thinkingSignature: null,
  finishIsTerminator: true,
  countsDetails: false,
  hasEmbeddings: true,
});
