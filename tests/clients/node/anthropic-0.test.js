// The SDK before 1.0: x-api-key, and anthropic-version 2023-06-01.

import Anthropic from '@anthropic-ai/sdk-0';

import {testSDK} from './anthropic.js';

testSDK(Anthropic);
