import { declareErrors } from '../../base/index.ts';

export const modelsErrors = declareErrors('models', {
  bad_request: {
    kind: 'invalid',
    title: 'The model request is malformed',
    remedy: 'Correct the member that the pointer of the answer names.',
  },
  not_translatable: {
    kind: 'unprocessable',
    title: 'The request cannot be carried to a provider of another protocol',
    remedy: 'Leave the named members out, or name a model whose provider speaks the protocol of the request.',
  },
  provider_misconfigured: {
    kind: 'internal',
    title: 'A model provider is configured in a way that cannot work',
    remedy:
      'Give the provider a base URL of http or https without user, query or fragment, and headers of visible ASCII.',
  },
});
