// Bedrock's provider, with Bedrock's own API. It signs; the signature means nothing here.

import {createAmazonBedrock} from '@ai-sdk/amazon-bedrock';

import {testProvider} from './ai-sdk.js';
import {url} from './listener.js';

const bedrock = createAmazonBedrock({
  baseURL: url, region: 'eu-west-3', accessKeyId: 'none', secretAccessKey: 'none',
});
testProvider((id) => bedrock(id), {
  bedrock: {reasoningConfig: {type: 'enabled', budgetTokens: 1024}},
});
