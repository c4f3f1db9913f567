// OpenAI's provider with Chat Completions, of which it shows no reasoning.

import {createOpenAI} from '@ai-sdk/openai';

import {testProvider} from './ai-sdk.js';
import {url} from './listener.js';

const openai = createOpenAI({baseURL: `${url}/v1`, apiKey: 'none'});
testProvider((id) => openai.chat(id));
