// The tests of Vercel's AI SDK: text, tools, objects, reasoning, errors.

import assert from 'node:assert/strict';
import test from 'node:test';

import {
  APICallError, generateObject, generateText, stepCountIs, streamObject, streamText, tool,
} from 'ai';
import {z} from 'zod';

import {CLAUDE, NOVA, REFUSALS} from './listener.js';

const Person = z.object({name: z.string(), age: z.number().int()});

// testProvider tests a provider. model returns a model by its id, options are sent with
// each request, and reasoning with those that are to reason; a provider that shows no
// reasoning has none.
export function testProvider(model, reasoning, options) {
  const settings = {model: model(CLAUDE), maxRetries: 0, providerOptions: options};

  test('text, whole and streamed', async () => {
    const whole = await generateText({...settings, prompt: 'What is 2+2?'});
    const stream = streamText({...settings, prompt: 'What is 2+2?'});
    await stream.consumeStream();
    for (const answer of [whole, stream]) {
      assert.equal(await answer.text, '2 + 2 = 4.');
      assert.equal(await answer.finishReason, 'stop');
    }
    const {inputTokens, outputTokens} = whole.usage;
    assert.ok(inputTokens > 0 && outputTokens > 0);
    const streamed = await stream.usage;
    assert.deepEqual([streamed.inputTokens, streamed.outputTokens], [inputTokens, outputTokens]);
  });

  for (const id of [CLAUDE, NOVA]) {
    test(`tools, ${id}`, async () => {
      const asked = [];
      const weather = tool({
        description: 'The weather in a city.',
        inputSchema: z.object({city: z.string()}),
        execute: ({city}) => {
          asked.push(city);
          return `${city} has rain`;
        },
      });
      const request = {
        ...settings,
        model: model(id),
        tools: {get_weather: weather},
        prompt: 'What is the weather in Seattle and Paris?',
        stopWhen: stepCountIs(3),
      };
      const whole = await generateText(request);
      const stream = streamText(request);
      await stream.consumeStream();
      for (const answer of [whole, stream]) {
        assert.match(await answer.text, /Seattle has rain.*Paris has rain/s);
        assert.equal((await answer.steps).length, 2);
        assert.equal((await answer.steps)[0].finishReason, 'tool-calls');
      }
      assert.deepEqual(asked, ['Seattle', 'Paris', 'Seattle', 'Paris']);
    });
  }

  test('a tool without arguments, streamed', async () => {
    const clock = tool({inputSchema: z.object({}), execute: () => 'it is noon'});
    const stream = streamText({
      ...settings, tools: {read_clock: clock}, prompt: 'Please read the clock', stopWhen: stepCountIs(3),
    });
    await stream.consumeStream();
    assert.match(await stream.text, /it is noon/);
  });

  test('objects, whole and streamed', async () => {
    const request = {...settings, schema: Person, prompt: 'Describe "Ada", who is 36.'};
    assert.deepEqual((await generateObject(request)).object, {name: 'Ada', age: 36});
    const stream = streamObject(request);
    for await (const _ of stream.partialObjectStream) ; // reading drives it
    assert.deepEqual(await stream.object, {name: 'Ada', age: 36});
  });

  for (const [fault, status] of Object.entries(REFUSALS)) {
    test(`error ${fault}`, async () => {
      const request = {...settings, model: model(`${CLAUDE}&fault=${fault}`), prompt: 'hi'};
      await assert.rejects(generateText(request), (error) => {
        assert.ok(APICallError.isInstance(error));
        assert.equal(error.statusCode, status);
        assert.notEqual(error.message, '');
        return true;
      });
      const errors = [];
      const stream = streamText({...request, onError: ({error}) => errors.push(error)});
      await stream.consumeStream();
      assert.equal(errors[0].statusCode, status);
    });
  }

  test('an error in a stream', async () => {
    const errors = [];
    const stream = streamText({
      ...settings,
      model: model(`${CLAUDE}&at=5&fault=throttling`),
      prompt: 'Explain quantum computing',
      onError: ({error}) => errors.push(error),
    });
    let text = '';
    for await (const piece of stream.textStream) text += piece;
    assert.ok(text);
    assert.match(JSON.stringify(errors[0]) + errors[0], /Too many requests/);
  });

  if (!reasoning) return;
  test('reasoning, replayed', async () => {
    const messages = [{role: 'user', content: 'What is 2+2?'}];
    const request = {...settings, maxOutputTokens: 4000, providerOptions: reasoning};
    const whole = await generateText({...request, messages});
    const stream = streamText({...request, messages});
    await stream.consumeStream();
    assert.ok(whole.reasoningText);
    assert.equal(await stream.reasoningText, whole.reasoningText);
    messages.push(...(await stream.response).messages, {role: 'user', content: 'What is 3+3?'});
    assert.match((await generateText({...request, messages})).text, /6/);
  });
}
