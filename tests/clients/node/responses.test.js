// OpenAI's official SDK with the Responses API: answers, streams, tools, schemas,
// reasoning, errors.

import assert from 'node:assert/strict';
import test from 'node:test';

import OpenAI from 'openai';
import {zodTextFormat} from 'openai/helpers/zod';
import {z} from 'zod';

import {CLAUDE, NOVA, REFUSALS, url, weather} from './listener.js';

const client = new OpenAI({baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0});
const {responses} = client;

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather in a city.',
  parameters: weather,
  strict: true,
};

function ask(text, more = {}) {
  return {model: CLAUDE, input: [{role: 'user', content: text}], store: false, ...more};
}

// both returns the whole answer, and the one that the SDK adds up from a stream.
async function both(request) {
  const whole = await responses.create(request);
  const added = await responses.stream(request).finalResponse();
  assert.notEqual(whole.id, added.id);
  assert.deepEqual(told(added), told(whole));
  return [whole, added];
}

// told is what is the same in two answers to one question.
function told({status, incomplete_details, model, output, usage}) {
  const items = output.map(({id, call_id, ...item}) => {
    delete item.parsed_arguments;
    if (item.encrypted_content) item.encrypted_content = 'opaque';
    for (const part of item.content ?? []) delete part.parsed;
    return item;
  });
  return {status, incomplete_details, model, items, usage};
}

function callsOf({output}) {
  return output.filter((item) => item.type === 'function_call');
}

test('text', async () => {
  const [whole, added] = await both(ask('What is 2+2?'));
  assert.equal(whole.output_text, '2 + 2 = 4.');
  assert.equal(added.output_text, '2 + 2 = 4.');
  assert.equal(whole.status, 'completed');
  assert.equal(whole.model, CLAUDE);
  assert.ok(whole.usage.input_tokens > 0);
});

test('a text as input, with instructions', async () => {
  const answer = await responses.create({model: CLAUDE, input: 'What is 2+2?', instructions: 'Be brief.'});
  assert.equal(answer.output_text, '2 + 2 = 4.');
});

test('events of a stream', async () => {
  const numbers = [];
  const types = new Set();
  let text = '';
  for await (const event of await responses.create(ask('Explain quantum computing', {stream: true}))) {
    numbers.push(event.sequence_number);
    types.add(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
  }
  assert.match(text, /qubit/);
  assert.deepEqual(numbers, [...numbers.keys()]);
  assert.deepEqual([...types], [
    'response.created', 'response.in_progress', 'response.output_item.added',
    'response.content_part.added', 'response.output_text.delta', 'response.output_text.done',
    'response.content_part.done', 'response.output_item.done', 'response.completed',
  ]);
});

for (const model of [CLAUDE, NOVA]) {
  test(`parallel tools, ${model}`, async () => {
    const request = ask('What is the weather in Seattle and Paris?', {model, tools: [WEATHER]});
    const [, added] = await both(request);
    const calls = callsOf(added);
    assert.deepEqual(calls.map((c) => JSON.parse(c.arguments).city), ['Seattle', 'Paris']);
    const results = calls.map((c, n) => (
      {type: 'function_call_output', call_id: c.call_id, output: `${17 + n} degrees`}));
    request.input.push(...added.output, ...results);
    const answer = await responses.create(request);
    assert.match(answer.output_text, /Seattle.*17 degrees.*Paris.*18 degrees/s);
  });
}

test('a tool without arguments', async () => {
  const tool = {type: 'function', name: 'read_clock', parameters: null, strict: false};
  const [whole] = await both(ask('Please read the clock', {tools: [tool]}));
  assert.deepEqual(callsOf(whole).map((c) => c.arguments), ['{}']);
});

test('a custom tool', async () => {
  const tool = {type: 'custom', name: 'run_code', description: 'Runs code.'};
  const request = ask('Run this code: "print(1)"', {tools: [tool], tool_choice: 'required'});
  const [, added] = await both(request);
  const call = added.output.find((item) => item.type === 'custom_tool_call');
  assert.equal(call.name, 'run_code');
  assert.ok(call.input);
  const result = {type: 'custom_tool_call_output', call_id: call.call_id, output: 'it prints 1'};
  request.input.push(...added.output, result);
  delete request.tool_choice;
  assert.match((await responses.create(request)).output_text, /it prints 1/);
});

test('parse, whole and streamed', async () => {
  const Person = z.object({name: z.string(), age: z.number().int()});
  const request = ask('Describe "Ada", who is 36.', {text: {format: zodTextFormat(Person, 'person')}});
  assert.deepEqual((await responses.parse(request)).output_parsed, {name: 'Ada', age: 36});
  const added = await responses.stream(request).finalResponse();
  assert.deepEqual(added.output_parsed, {name: 'Ada', age: 36});
});

test('an answer that is cut off', async () => {
  const [whole] = await both(ask('Explain quantum computing', {max_output_tokens: 16}));
  assert.equal(whole.status, 'incomplete');
  assert.equal(whole.incomplete_details.reason, 'max_output_tokens');
});

test('reasoning, replayed', async () => {
  const request = ask('What is 2+2?', {
    reasoning: {effort: 'low', summary: 'auto'},
    include: ['reasoning.encrypted_content'],
    max_output_tokens: 4000,
  });
  const [, added] = await both(request);
  const [thought] = added.output;
  assert.equal(thought.type, 'reasoning');
  assert.ok(thought.summary[0].text && thought.encrypted_content);
  request.input.push(...added.output, {role: 'user', content: 'What is 3+3?'});
  assert.match((await responses.create(request)).output_text, /6/);
});

for (const [fault, status] of Object.entries(REFUSALS)) {
  for (const stream of [false, true]) {
    test(`error ${fault}, stream: ${stream}`, async () => {
      const request = ask('What is 2+2?', {model: `${CLAUDE}&fault=${fault}`, stream});
      await assert.rejects(responses.create(request), (error) => {
        assert.ok(error instanceof OpenAI.APIError);
        assert.equal(error.status, status);
        assert.ok(error.error.message && error.type && error.requestID);
        return true;
      });
    });
  }
}

test('an error in a stream', async () => {
  const request = ask('Explain quantum computing', {model: `${CLAUDE}&at=5&fault=throttling`, stream: true});
  const types = [];
  let last;
  await assert.rejects(async () => {
    for await (last of await responses.create(request)) types.push(last.type);
    if (last.type === 'response.failed') throw new Error(last.response.error.message);
  }, /Too many requests/);
  assert.ok(types.includes('response.output_text.delta'));
  assert.ok(!types.includes('response.completed'));
});

test('what needs stored answers is refused', async () => {
  await assert.rejects(responses.create(ask('hi', {previous_response_id: 'resp_1'})), {
    status: 400, param: 'previous_response_id',
  });
  await assert.rejects(responses.retrieve('resp_1'), OpenAI.NotFoundError);
});
