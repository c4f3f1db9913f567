// Anthropic's provider.

import {createAnthropic} from '@ai-sdk/anthropic';

import {testProvider} from './ai-sdk.js';
import {url} from './listener.js';

const anthropic = createAnthropic({baseURL: `${url}/v1`, apiKey: 'none'});
testProvider((id) => anthropic(id), {
  anthropic: {thinking: {type: 'enabled', budgetTokens: 1024}},
});
