import { declareErrors } from '../../../base/index.ts';

export const routingErrors = declareErrors('models', {
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
