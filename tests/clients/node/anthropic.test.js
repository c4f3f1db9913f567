// The SDK since 1.0: a bearer token, and anthropic-version 2026-10-21.

import Anthropic from '@anthropic-ai/sdk';

import {testSDK} from './anthropic.js';

testSDK(Anthropic);
