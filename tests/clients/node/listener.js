// What the tests of all clients share: the listener's address, models and a tool.

// url is Envoy's listener, which pytest started (test_node.py).
export const url = process.env.LISTENER_URL;
if (!url) throw new Error('set LISTENER_URL to the address of Envoy\'s listener');

// The fake Bedrock reads knobs after a model's id. These make it send tokens without
// waiting; more knobs can be added with &.
export const CLAUDE = 'us.anthropic.claude-sonnet-4-20250514-v1:0#pace=0s';
export const NOVA = 'us.amazon.nova-lite-v1:0#pace=0s';

// weather is the JSON schema of a tool's input.
export const weather = {
  type: 'object',
  properties: {city: {type: 'string'}},
  required: ['city'],
  additionalProperties: false,
};

// REFUSALS are faults of the fake Bedrock before it answers, with the status that the
// SDKs of OpenAI and Anthropic make classes of.
export const REFUSALS = {
  throttling: 429,
  accessDenied: 403,
  resourceNotFound: 404,
  validation: 400,
  serviceUnavailable: 503,
};

// classOf is the class that an SDK of OpenAI or Anthropic makes of a status.
export function classOf(SDK, status) {
  return {
    400: SDK.BadRequestError,
    403: SDK.PermissionDeniedError,
    404: SDK.NotFoundError,
    429: SDK.RateLimitError,
    503: SDK.InternalServerError,
  }[status];
}
