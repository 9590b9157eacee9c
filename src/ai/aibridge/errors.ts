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
  unavailable: {
    kind: 'unavailable',
    title: 'No model answered',
    remedy: 'Try again in a moment; `attempts` says what each provider did. See GET /v1/route/health.',
    retryable: true,
  },
  rate_limited: {
    kind: 'rate_limited',
    title: 'The model providers limit our rate',
    remedy: 'Try again later, or give the route another rung to fall back to.',
    retryable: true,
  },
  timeout: {
    kind: 'timeout',
    title: 'The model provider did not answer in time',
    remedy: 'Try again, ask for a shorter answer, or raise the timeouts of the provider in lakehouse.toml.',
    retryable: true,
  },
  refused_by_provider: {
    kind: 'unprocessable',
    title: 'The model provider refused the request',
    remedy: 'Check the request against what the provider’s model takes; its own words are not repeated here.',
  },
  cut_off: {
    kind: 'unavailable',
    title: 'The answer broke off',
    remedy: 'What came is not whole; send the request again. What was used of it is charged.',
    retryable: true,
  },
  context_too_large: {
    kind: 'too_large',
    title: 'The rows of the context are too large',
    remedy: 'Select fewer columns or rows for the context.',
  },
  not_priced: {
    kind: 'unprocessable',
    title: 'Billed by rates that are not known',
    remedy: 'Leave the named members out: a metered model is called only where its worst cost can be held.',
  },
  provider_misconfigured: {
    kind: 'internal',
    title: 'A model provider is configured in a way that cannot work',
    remedy:
      'Do what the detail says and start again: a base URL of http or https without user, query or fragment, a key of visible ASCII, in the variable it names or in a file that its owner alone can read.',
  },
  routing_invalid: {
    kind: 'invalid',
    title: 'Routing table is not valid',
    remedy: 'Mend the named key at the named line of the routing file and start again.',
  },
  routing_unreadable: {
    kind: 'unavailable',
    title: 'Routing table cannot be read',
    remedy:
      'Put the routing file where models.routing_file names it, or leave the key out to use the shipped one.',
  },
  catalogue_invalid: {
    kind: 'invalid',
    title: 'Model catalogue is not valid',
    remedy:
      'Use the shipped catalogue or one written by scripts/update-models.ts; local models and prices go into the routing file.',
  },
  catalogue_unreadable: {
    kind: 'unavailable',
    title: 'Model catalogue cannot be read',
    remedy:
      'Put the catalogue where models.catalogue_file names it, or leave the key empty to use the shipped one.',
  },
  no_provider: {
    kind: 'unavailable',
    title: 'No model provider is configured for this request',
    remedy:
      'Add a provider to lakehouse.toml (models.providers), or name a model of one that is configured; POST /v1/route/explain says which were considered.',
  },
  unknown_model: {
    kind: 'not_found',
    title: 'Unknown model',
    remedy:
      'Name a model that GET /v1/models lists, or describe it in the routing file under [models."provider/model"].',
  },
  no_price: {
    kind: 'unprocessable',
    title: 'Model without a price',
    remedy:
      'A metered model without a price could overspend every ceiling. Give its prices in the routing file under [models."provider/model"], or its billing as flat or free.',
  },
  context_too_long: {
    kind: 'too_large',
    title: 'Request longer than the model’s window',
    remedy: 'Shorten the request, or name a model with a larger window.',
  },
  capability_missing: {
    kind: 'unprocessable',
    title: 'Model lacks what the request needs',
    remedy: 'Name a model that has the named capability, or take what needs it out of the request.',
  },
});
