// The tests of Anthropic's official SDK: answers, streams, tools, thinking, errors,
// models.

import assert from 'node:assert/strict';
import test from 'node:test';

import {CLAUDE, REFUSALS, classOf, url, weather} from './listener.js';

const WEATHER = {
  name: 'get_weather',
  description: 'The weather in a city.',
  input_schema: weather,
};

// testSDK tests a version of the SDK.
export function testSDK(Anthropic) {
  const client = new Anthropic({baseURL: url, apiKey: 'none', maxRetries: 0});

  // both returns the whole answer, and the one that the SDK adds up from a stream.
  async function both(request) {
    const whole = await client.messages.create(request);
    const added = await client.messages.stream(request).finalMessage();
    assert.notEqual(whole.id, added.id);
    assert.deepEqual(told(added), told(whole));
    return [whole, added];
  }

  test('text', async () => {
    const [whole] = await both(ask('What is 2+2?'));
    assert.equal(whole.content[0].text, '2 + 2 = 4.');
    assert.equal(whole.stop_reason, 'end_turn');
    assert.equal(whole.model, CLAUDE);
    assert.ok(whole.usage.input_tokens > 0);
  });

  test('events of the helper', async () => {
    const pieces = [];
    const stream = client.messages.stream(ask('What is 2+2?'));
    stream.on('text', (delta) => pieces.push(delta));
    assert.equal(await stream.finalText(), '2 + 2 = 4.');
    assert.equal(pieces.join(''), '2 + 2 = 4.');
  });

  test('leaving a stream', async () => {
    const stream = await client.messages.create(ask('Explain quantum computing', {stream: true}));
    for await (const event of stream) {
      if (event.type === 'content_block_delta') break;
    }
    assert.ok(stream.controller.signal.aborted);
  });

  test('parallel tools', async () => {
    const request = ask('What is the weather in Seattle and Paris?', {tools: [WEATHER]});
    const [whole, added] = await both(request);
    assert.equal(whole.stop_reason, 'tool_use');
    const calls = added.content.filter((block) => block.type === 'tool_use');
    assert.deepEqual(calls.map((c) => c.input), [{city: 'Seattle'}, {city: 'Paris'}]);
    const results = calls.map((c, n) => (
      {type: 'tool_result', tool_use_id: c.id, content: `${17 + n} degrees`}));
    request.messages.push(
      {role: 'assistant', content: added.content}, {role: 'user', content: results});
    const answer = await client.messages.create(request);
    assert.match(answer.content[0].text, /Seattle.*17 degrees.*Paris.*18 degrees/s);
  });

  for (const stream of [false, true]) {
    test(`tool runner, stream: ${stream}`, async () => {
      const tool = {...WEATHER, run: ({city}) => `${city} has rain`, parse: (input) => input};
      const runner = client.beta.messages.toolRunner(
        ask('What is the weather in Seattle?', {tools: [tool], stream}));
      const message = await runner.runUntilDone();
      assert.match(message.content[0].text, /Seattle has rain/);
    });
  }

  test('a tool without arguments', async () => {
    const tool = {name: 'read_clock', input_schema: {type: 'object'}};
    const [whole] = await both(ask('Please read the clock', {tools: [tool]}));
    assert.deepEqual(whole.content.at(-1).input, {});
  });

  test('thinking', async () => {
    const request = ask('What is 2+2?', {thinking: {type: 'enabled', budget_tokens: 1024}});
    const [whole, added] = await both(request);
    assert.equal(whole.content[0].type, 'thinking');
    assert.ok(whole.content[0].thinking && whole.content[0].signature);
    request.messages.push(
      {role: 'assistant', content: added.content}, {role: 'user', content: 'What is 3+3?'});
    const answer = await client.messages.create(request);
    assert.match(answer.content.at(-1).text, /6/);
  });

  test('hidden thinking', async () => {
    const [whole] = await both(ask('What is 2+2?', {model: `${CLAUDE}&show=redacted,reasoning`}));
    const types = whole.content.map((block) => block.type);
    assert.deepEqual(types, ['thinking', 'redacted_thinking', 'text']);
  });

  test('citations', async () => {
    const document = {
      type: 'document',
      title: 'Nature',
      source: {type: 'text', media_type: 'text/plain', data: 'Grass is green.'},
      citations: {enabled: true},
    };
    const request = ask('');
    request.messages[0].content = [document, {type: 'text', text: 'What colour has grass?'}];
    const [whole] = await both(request);
    assert.equal(whole.content[0].citations[0].cited_text, 'Grass is green.');
  });

  test('an answer that is cut off', async () => {
    const [whole] = await both(ask('Explain quantum computing', {max_tokens: 5}));
    assert.equal(whole.stop_reason, 'max_tokens');
  });

  test('warnings', async () => {
    const request = ask('What is 2+2?', {frobnicate: 1});
    const {data, response} = await client.messages.create(request).withResponse();
    assert.equal(response.headers.get('x-bedrock-warnings'), 'unknown_field');
    assert.equal(data.bedrock.warnings[0].path, 'frobnicate');
    assert.equal(data._request_id, response.headers.get('request-id'));
  });

  for (const [fault, status] of Object.entries(REFUSALS)) {
    for (const stream of [false, true]) {
      test(`error ${fault}, stream: ${stream}`, async () => {
        const request = ask('What is 2+2?', {model: `${CLAUDE}&fault=${fault}`, stream});
        await assert.rejects(client.messages.create(request), (error) => {
          assert.ok(error instanceof classOf(Anthropic, status));
          assert.equal(error.status, status);
          assert.equal(error.error.type, 'error');
          assert.ok(error.error.error.message);
          assert.ok(error.requestID);
          assert.equal(error.error.request_id, error.requestID);
          return true;
        });
      });
    }
  }

  test('an error in a stream', async () => {
    const request = ask('Explain quantum computing');
    request.model += '&at=5&fault=throttling';
    let text = '';
    await assert.rejects(async () => {
      for await (const event of await client.messages.create({...request, stream: true})) {
        text += event.delta?.text ?? '';
      }
    }, (error) => error instanceof Anthropic.APIError && /rate_limit_error/.test(error.message));
    assert.ok(text);
    await assert.rejects(client.messages.stream(request).finalMessage(), Anthropic.APIError);
  });

  test('a refused request', async () => {
    const request = ask('', {messages: [{role: 'x', content: 'hi'}]});
    await assert.rejects(client.messages.create(request), Anthropic.BadRequestError);
  });

  test('count tokens', async () => {
    const {max_tokens, ...request} = ask('What is 2+2?', {tools: [WEATHER]});
    const {usage} = await client.messages.create({...request, max_tokens});
    for (const api of [client.messages, client.beta.messages]) {
      assert.equal((await api.countTokens(request)).input_tokens, usage.input_tokens);
    }
    request.model = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc';
    await assert.rejects(client.messages.countTokens(request), Anthropic.NotFoundError);
  });

  test('models', async () => {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.ok(names.length);
    assert.equal((await client.models.retrieve(names[0])).id, names[0]);
    await assert.rejects(client.models.retrieve('nobody'), Anthropic.NotFoundError);
  });
}

function ask(text, more = {}) {
  return {
    model: CLAUDE,
    max_tokens: 4000,
    messages: [{role: 'user', content: text}],
    ...more,
  };
}

// told is what is the same in two answers to one question.
function told({content, model, stop_reason, stop_sequence, usage}) {
  const blocks = content.map(({id, ...block}) => block);
  return {blocks, model, stop_reason, stop_sequence, usage};
}
