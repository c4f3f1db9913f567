// OpenAI's provider with the Responses API, its default. Without store: false it sends
// references to earlier answers, which are not stored here. It takes a model for one that
// reasons only if it is told so, or knows its name.

import {createOpenAI} from '@ai-sdk/openai';

import {testProvider} from './ai-sdk.js';
import {url} from './listener.js';

const openai = createOpenAI({baseURL: `${url}/v1`, apiKey: 'none'});
const options = {store: false};
const reasoning = {
  ...options, forceReasoning: true, reasoningEffort: 'low', reasoningSummary: 'auto',
};
testProvider((id) => openai(id), {openai: reasoning}, {openai: options});
