// OpenAI's official SDK: answers, streams, tools, schemas, reasoning, errors, models.

import assert from 'node:assert/strict';
import test from 'node:test';

import OpenAI from 'openai';
import {zodFunction, zodResponseFormat} from 'openai/helpers/zod';
import {z} from 'zod';

import {CLAUDE, NOVA, REFUSALS, classOf, url, weather} from './listener.js';

const client = new OpenAI({baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0});
const chat = client.chat.completions;

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city.',
    parameters: weather,
    strict: true,
  },
};

function ask(text, more = {}) {
  return {model: CLAUDE, messages: [{role: 'user', content: text}], ...more};
}

// both returns the whole answer, and the one that the SDK adds up from a stream.
async function both(request) {
  const whole = await chat.create(request);
  const added = await chat
    .stream({...request, stream_options: {include_usage: true}})
    .finalChatCompletion();
  assert.notEqual(whole.id, added.id);
  assert.deepEqual(told(added), told(whole));
  return [whole, added];
}

// told is what is the same in two answers to one question.
function told(completion) {
  const {message, finish_reason} = completion.choices[0];
  const calls = (message.tool_calls ?? []).map((c) => [
    c.function.name,
    JSON.parse(c.function.arguments),
  ]);
  return {
    text: message.content || null, calls, finish_reason, model: completion.model, usage: completion.usage,
  };
}

test('text', async () => {
  const [whole] = await both(ask('What is 2+2?'));
  assert.equal(whole.choices[0].message.content, '2 + 2 = 4.');
  assert.equal(whole.choices[0].finish_reason, 'stop');
  assert.equal(whole.model, CLAUDE);
  assert.ok(whole.usage.prompt_tokens > 0);
});

test('chunks of a stream', async () => {
  const request = ask('Explain quantum computing', {stream: true});
  let text = '';
  for await (const chunk of await chat.create(request)) {
    assert.equal(chunk.choices.length, 1); // nobody asked for usage
    text += chunk.choices[0].delta.content ?? '';
  }
  assert.match(text, /qubit/);
});

test('leaving a stream', async () => {
  const stream = await chat.create(ask('Explain quantum computing', {stream: true}));
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) break;
  }
  assert.ok(stream.controller.signal.aborted);
});

for (const model of [CLAUDE, NOVA]) {
  test(`parallel tools, ${model}`, async () => {
    const request = ask('What is the weather in Seattle and Paris?', {model, tools: [WEATHER]});
    const [, added] = await both(request);
    const {message, finish_reason} = added.choices[0];
    assert.equal(finish_reason, 'tool_calls');
    assert.deepEqual(told(added).calls.map(([, input]) => input.city), ['Seattle', 'Paris']);
    const results = message.tool_calls.map((c, n) => (
      {role: 'tool', tool_call_id: c.id, content: `${17 + n} degrees`}));
    request.messages.push(message, ...results);
    const answer = await chat.create(request);
    assert.match(answer.choices[0].message.content, /Seattle.*17 degrees.*Paris.*18 degrees/s);
  });
}

for (const stream of [false, true]) {
  test(`runTools, stream: ${stream}`, async () => {
    const asked = [];
    const tool = zodFunction({
      name: 'get_weather',
      description: 'The weather in a city.',
      parameters: z.object({city: z.string()}),
      function: ({city}) => {
        asked.push(city);
        return `${city} has rain`;
      },
    });
    const runner = chat.runTools(
      ask('What is the weather in Seattle and Paris?', {tools: [tool], stream}));
    assert.match(await runner.finalContent(), /Seattle has rain.*Paris has rain/s);
    assert.deepEqual(asked, ['Seattle', 'Paris']);
    assert.equal((await runner.allChatCompletions()).length, 2);
  });
}

test('a tool without arguments', async () => {
  const tool = {type: 'function', function: {name: 'read_clock'}};
  const [, added] = await both(ask('Please read the clock', {tools: [tool]}));
  assert.deepEqual(told(added).calls, [['read_clock', {}]]);
});

test('a custom tool', async () => {
  const tool = {type: 'custom', custom: {name: 'run_code', description: 'Runs code.'}};
  const request = ask('Run this code: "print(1)"', {tools: [tool], tool_choice: 'required'});
  const whole = await chat.create(request);
  const [call] = whole.choices[0].message.tool_calls;
  assert.equal(call.type, 'custom');
  assert.equal(call.custom.name, 'run_code');
  assert.equal(typeof call.custom.input, 'string');
  const result = {role: 'tool', tool_call_id: call.id, content: 'it prints 1'};
  request.messages.push(whole.choices[0].message, result);
  delete request.tool_choice;
  const answer = await chat.create(request);
  assert.match(answer.choices[0].message.content, /it prints 1/);
});

test('parse, whole and streamed', async () => {
  const Person = z.object({name: z.string(), age: z.number().int()});
  const request = ask('Describe "Ada", who is 36.', {
    response_format: zodResponseFormat(Person, 'person'),
  });
  const whole = await chat.parse(request);
  assert.deepEqual(whole.choices[0].message.parsed, {name: 'Ada', age: 36});
  const added = await chat.stream(request).finalChatCompletion();
  assert.deepEqual(added.choices[0].message.parsed, {name: 'Ada', age: 36});
});

test('an answer that is cut off', async () => {
  const [whole] = await both(ask('Explain quantum computing', {max_completion_tokens: 5}));
  assert.equal(whole.choices[0].finish_reason, 'length');
});

test('reasoning', async () => {
  const request = ask('What is 2+2?', {reasoning_effort: 'low', max_completion_tokens: 4000});
  const whole = await chat.create(request);
  const {message} = whole.choices[0];
  assert.ok(message.reasoning_content);
  assert.ok(message.thinking_blocks[0].signature);
  let streamed = '';
  for await (const chunk of await chat.create({...request, stream: true})) {
    streamed += chunk.choices[0].delta.reasoning_content ?? '';
  }
  assert.equal(streamed, message.reasoning_content);
  request.messages.push(message, {role: 'user', content: 'What is 3+3?'});
  const answer = await chat.create(request);
  assert.match(answer.choices[0].message.content, /6/);
});

test('the helper keeps all thoughts', async () => {
  const [whole, added] = await both(ask('What is 2+2?', {model: `${CLAUDE}&show=reasoning,redacted`}));
  const thoughts = added.choices[0].message.thinking_blocks.map(({index, ...block}) => block);
  assert.deepEqual(thoughts, whole.choices[0].message.thinking_blocks);
  assert.deepEqual(thoughts.map((t) => t.type), ['thinking', 'redacted_thinking']);
});

for (const [fault, status] of Object.entries(REFUSALS)) {
  for (const stream of [false, true]) {
    test(`error ${fault}, stream: ${stream}`, async () => {
      const request = ask('What is 2+2?', {model: `${CLAUDE}&fault=${fault}`, stream});
      await assert.rejects(chat.create(request), (error) => {
        assert.ok(error instanceof OpenAI.APIError);
        assert.equal(error.constructor, classOf(OpenAI, status));
        assert.equal(error.status, status);
        assert.ok(error.error.message && error.type && error.requestID);
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
    for await (const chunk of await chat.create({...request, stream: true})) {
      text += chunk.choices[0].delta.content ?? '';
    }
  }, (error) => error instanceof OpenAI.APIError && /Too many requests/.test(error.message));
  assert.ok(text);
  await assert.rejects(chat.stream(request).finalChatCompletion(), /Too many requests/);
});

test('a refused request', async () => {
  await assert.rejects(chat.create(ask('hi', {n: 2})), {
    status: 400, param: 'n', type: 'invalid_request_error',
  });
});

test('models', async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.ok(names.length);
  assert.equal((await client.models.retrieve(names[0])).id, names[0]);
  await assert.rejects(client.models.retrieve('nobody'), OpenAI.NotFoundError);
});
