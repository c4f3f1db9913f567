// Runs the scenario of the page's query in the browser, with the example's own client,
// and posts what the page has seen to the test.
import {complete, stream} from '/client.js';

const query = new URLSearchParams(location.search);
const completions = query.get('gateway') + '/api/v1/llm/completions';
const ask = (content) => ({messages: [{role: 'user', content}]});
const tell = (path, value) => fetch(path, {method: 'POST', body: JSON.stringify(value ?? null)});

const scenarios = {
  // A whole answer, and the headers that the page can read.
  async whole() {
    const {content} = await complete(completions, ask('What is 2+2?'));
    const response = await fetch(completions, {
      method: 'POST', body: JSON.stringify(ask('What is 2+2?')),
      headers: {'Content-Type': 'application/json', 'X-Request-Id': 'from-a-page', Authorization: 'Bearer token'},
    });
    return {content, status: response.status, headers: Object.fromEntries(response.headers)};
  },

  // Bedrock sends the second delta only after the page has read the first.
  async streamed() {
    let text = '';
    const types = [];
    for await (const event of stream(completions + '/stream', ask('streamed'))) {
      types.push(event.type);
      text += event.delta ?? '';
      if (types.length === 1) await tell('/release');
    }
    return {text, types};
  },

  async failed() {
    try {
      return await complete(completions, ask('failed'));
    } catch ({message, status, type, retryable, retryAfter, requestID}) {
      return {message, status, type, retryable, retryAfter, requestID};
    }
  },

  // The page aborts after the first delta. Bedrock never sends a second one.
  async aborted() {
    const call = new AbortController();
    try {
      for await (const event of stream(completions + '/stream', ask('aborted'), call.signal)) {
        if (event.delta) call.abort();
      }
    } catch ({name}) {
      return {name};
    }
  },

  // For a page of another origin: with a preflight, and without.
  async refused() {
    const attempts = {
      preflight: {headers: {'Content-Type': 'application/json'}},
      simple: {headers: {'Content-Type': 'text/plain'}},
      opaque: {mode: 'no-cors', headers: {'Content-Type': 'text/plain'}},
    };
    const seen = {};
    for (const [name, options] of Object.entries(attempts)) {
      try {
        const response = await fetch(completions, {method: 'POST', body: JSON.stringify(ask('refused')), ...options});
        seen[name] = `${response.type} ${response.status}`;
      } catch (failed) {
        seen[name] = failed.name;
      }
    }
    return seen;
  },

  // The example's page, as a user operates it.
  async page() {
    const frame = document.body.appendChild(document.createElement('iframe'));
    await new Promise((loaded) => { frame.onload = loaded; frame.src = '/index.html'; });
    const answer = frame.contentDocument.getElementById('answer');
    const form = frame.contentDocument.forms[0];
    form.question.value = 'What is 2+2?';
    const shown = new Promise((resolve) => {
      new frame.contentWindow.MutationObserver(() => { if (answer.textContent.includes('4')) resolve(); })
        .observe(answer, {childList: true, characterData: true, subtree: true});
    });
    form.requestSubmit();
    await shown;
    return {text: answer.textContent};
  },
};

let result;
try {
  result = await scenarios[query.get('scenario')]();
} catch (failed) {
  result = {exception: String(failed)};
}
await tell('/result', result);
