import { declareErrors } from '../base/index.ts';

export const telemetryErrors = declareErrors('telemetry', {
  misconfigured: {
    kind: 'invalid',
    title: 'Telemetry is configured in a way that cannot work',
    remedy: 'Set the variable that telemetry.headers_env names to name=value pairs, or leave the key empty.',
  },
});
