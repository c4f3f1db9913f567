// Calls the gateway from a page.

// complete returns a whole answer.
export async function complete(url, request, signal) {
  return (await post(url, request, signal)).json();
}

// stream yields the events of a streamed answer as they arrive. Abort the signal, or
// leave the loop, to end the call. (EventSource cannot send a POST.)
export async function* stream(url, request, signal) {
  const response = await post(url, request, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith('data: ')) yield JSON.parse(line.slice(6));
      }
    }
  } finally {
    await reader.cancel().catch(() => {}); // it has failed or was aborted
  }
}

async function post(url, request, signal) {
  const response = await fetch(url, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(request), signal,
  });
  if (!response.ok) throw await failure(response);
  return response;
}

// failure is the error of a response. retryAfter is in seconds, null if a retry cannot
// help.
async function failure(response) {
  const {detail, error} = await response.json();
  const {status, headers} = response;
  // A request with mistakes gets a list, with a message for each.
  const message = Array.isArray(detail) ? detail.map(({msg}) => msg).join('; ') : detail;
  return Object.assign(new Error(message), {
    status, type: error.type, retryable: error.retryable,
    retryAfter: headers.get('retry-after'), requestID: headers.get('x-request-id'),
  });
}
