// The provider for APIs like OpenAI's.

import {createOpenAICompatible} from '@ai-sdk/openai-compatible';

import {testProvider} from './ai-sdk.js';
import {url} from './listener.js';

const listener = createOpenAICompatible({
  name: 'listener', baseURL: `${url}/v1`, includeUsage: true, supportsStructuredOutputs: true,
});
testProvider((id) => listener(id), {listener: {reasoningEffort: 'low'}});
