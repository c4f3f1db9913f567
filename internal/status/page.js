'use strict';

// Everything from the server is set as textContent: it is never parsed as HTML.

const period = 2000; // milliseconds between the end of one refresh and the next
const timeout = 10000;
const span = 5 * 60 * 1000; // the time that rates and latencies look back
const shown = 50; // rows of a table of calls

const $ = (id) => document.getElementById(id);
const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

// Formats. An absent value is an empty text.
const count = (n) => n.toLocaleString('en');
const percent = (part, all) => `${(100 * part / all).toLocaleString('en', { maximumFractionDigits: 1 })}%`;
const clock = (time) => new Date(time).toLocaleTimeString('en-GB');
const money = (micros) => (micros / 1e6).toLocaleString('en', { maximumFractionDigits: 6 });

function duration(ms) {
  if (ms === undefined) return '';
  if (ms < 1000) return `${ms.toLocaleString('en', { maximumFractionDigits: ms < 10 ? 1 : 0 })} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60000);
  if (minutes < 60) return `${minutes} min ${Math.floor(ms / 1000) % 60} s`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}

function bytes(n) {
  for (const [unit, size] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]]) {
    if (n >= size) return `${(n / size).toLocaleString('en', { maximumFractionDigits: 1 })} ${unit}`;
  }
  return `${n} B`;
}

// quantile is the nearest-rank quantile of numbers, which are not empty.
function quantile(numbers, q) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

// fill shows rows of texts in a table. It reuses what is there, so that nothing flickers.
function fill(id, rows) {
  const table = $(id);
  const heads = table.tHead.rows[0].cells;
  const body = table.tBodies[0];
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((texts, i) => {
    const row = body.rows[i] || addRow(body, heads);
    texts.forEach((text, j) => {
      setText(row.cells[j], text);
      row.cells[j].classList.toggle('empty', text === '');
    });
  });
  table.hidden = rows.length === 0;
  table.nextElementSibling.hidden = rows.length > 0;
}

// addRow adds a row. The roles keep it a row where the style for phones makes it a block.
function addRow(body, heads) {
  const row = body.insertRow();
  row.setAttribute('role', 'row');
  for (const head of heads) {
    const cell = row.insertCell();
    cell.setAttribute('role', 'cell');
    cell.className = head.className;
    cell.dataset.label = head.textContent;
  }
  return row;
}

function card(id, level, value, detail) {
  const node = $(id);
  node.className = `card ${level}`;
  setText(node.querySelector('.value'), value);
  setText(node.querySelector('.detail'), detail);
}

// latest are the recent calls that ended within span, and since says how far they go back.
function latest(status, recent) {
  const now = Date.parse(status.now);
  const list = recent.filter((c) => Date.parse(c.start) + c.duration > now - span);
  return { list, since: list.length < recent.length || recent.length === 0 ? 'in the last 5 minutes' : `since ${clock(recent[recent.length - 1].start)}` };
}

function problems(status, calls) {
  const list = [...status.warnings || []];
  if (!status.ready) list.unshift(`Not ready: ${status.reason}.`);
  if (status.config.problem) list.push(`The latest configuration was rejected, and the previous one is in use: ${status.config.problem}`);
  for (const b of status.backends) {
    if (b.cooling_down > 0) list.push(`Backend ${b.name} is cooling down for ${count(b.cooling_down)} ${b.cooling_down === 1 ? 'model' : 'models'} after failures: calls that have another backend try that first.`);
  }
  for (const l of status.limits) {
    if (l.max > 0 && l.current >= 0.9 * l.max) list.push(`The limit ${limitName(l)} is ${percent(l.current, l.max)} in use.`);
  }
  const failed = calls.filter((c) => c.error).length;
  if (calls.length >= 5 && failed * 2 >= calls.length) list.push(`${count(failed)} of the latest ${count(calls.length)} calls failed.`);
  if (status.totals.log_lines_dropped > 0) list.push(`${count(status.totals.log_lines_dropped)} lines of the log were dropped, because its reader is too slow.`);
  return list;
}

function showProblems(list) {
  const ul = $('problems').querySelector('ul');
  while (ul.children.length > list.length) ul.lastChild.remove();
  list.forEach((text, i) => setText(ul.children[i] || ul.appendChild(document.createElement('li')), text));
  $('problems').hidden = list.length === 0;
}

function showHealth(status, list) {
  const up = `Up for ${duration(Date.parse(status.now) - Date.parse(status.started))}`;
  if (!status.ready) card('health', 'bad', 'Not ready', status.reason);
  else if (list.length > 0) card('health', 'warn', 'Ready, with problems', `${up}. See below.`);
  else card('health', 'good', 'Healthy', `${up}.`);
  document.title = `${$('health').querySelector('.value').textContent} – bedrock-extproc`;
}

function showRates(calls, since) {
  const failed = calls.filter((c) => c.error).length;
  const left = calls.filter((c) => c.client_gone).length;
  if (calls.length === 0) card('failed', '', '–', `No calls ${since}.`);
  else card('failed', failed > 0 ? 'bad' : '', percent(failed, calls.length), `${count(failed)} of ${count(calls.length)} ${since}.${left > 0 ? ` Clients left ${count(left)}.` : ''}`);
  const times = calls.filter((c) => c.model && !c.error && !c.client_gone);
  if (times.length === 0) return card('latency', '', '–', `No answered calls ${since}.`);
  const all = times.map((c) => c.duration);
  const tokens = times.map((c) => c.first_token).filter((t) => t !== undefined);
  const first = tokens.length > 0 ? ` First token of streams: ${duration(quantile(tokens, 0.5))}.` : '';
  card('latency', '', duration(quantile(all, 0.5)), `Median of answered calls; 95% end within ${duration(quantile(all, 0.95))}.${first}`);
}

function showOpen(calls) {
  const phases = {};
  for (const c of calls.open) phases[c.phase] = (phases[c.phase] || 0) + 1;
  const parts = ['receiving', 'waiting', 'answering'].filter((p) => phases[p]).map((p) => `${count(phases[p])} ${p}`);
  card('calls', '', count(calls.open_total), parts.join(', ') || 'None is open.');
  const more = calls.open_total > shown ? `, the oldest ${shown} of ${count(calls.open_total)}` : '';
  setText($('open-title'), `Open calls${more}`);
  fill('open', calls.open.slice(0, shown).map((c) => [
    duration(c.duration), c.phase, c.api || '', c.model || '', c.backend || '', c.streaming ? 'yes' : 'no', bytes(c.bytes_out), c.request_id,
  ]));
}

function showRecent(recent) {
  const more = recent.length > shown ? `, the latest ${shown}` : '';
  setText($('recent-title'), `Recent calls${more}`);
  fill('recent', recent.slice(0, shown).map((c) => [
    clock(c.start), String(c.status), failure(c), c.api || '', c.model || c.path, c.backend || '', duration(c.duration), duration(c.first_token),
    c.input_tokens === undefined ? '' : `${count(c.input_tokens)} / ${count(c.output_tokens)}`,
    c.cost_micros === undefined ? '' : money(c.cost_micros), (c.warnings || []).join(', '), c.request_id,
  ]));
}

function failure(c) {
  return [c.error, c.class, c.aws_error, c.client_gone ? 'client left' : ''].filter((text) => text).join(', ');
}

const limitNames = { calls: 'calls', body_bytes: 'memory for bodies', backend: 'calls of backend', caller: 'calls of the busiest caller' };

function limitName(l) {
  return `${limitNames[l.limit] || l.limit} ${l.backend}`.trim();
}

function backendState(b) {
  const parts = [];
  if (b.credentials_missing) parts.push('no AWS credentials');
  if (b.cooling_down > 0) parts.push(`cooling down for ${count(b.cooling_down)}`);
  return parts.join(', ') || 'ok';
}

// byCount are the entries of an object of numbers, the largest first.
const byCount = (numbers) => Object.entries(numbers).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);

function showState(status) {
  setText($('version'), status.version);
  const totals = status.totals;
  fill('backends', status.backends.map((b) => [b.default ? `${b.name} (default)` : b.name, b.region, backendState(b), count(totals.cool_downs[b.name] || 0)]));
  fill('limits', status.limits.map((l) => {
    const amount = l.limit === 'body_bytes' ? bytes : count;
    return [limitName(l), amount(l.current), l.max > 0 ? amount(l.max) : 'no limit', count(l.refused)];
  }));
  const tokens = ['input', 'output', 'cache_read', 'cache_write'].filter((t) => totals.tokens[t] !== undefined);
  fill('usage', [
    ...tokens.map((t) => [`${t.replace('_', ' ')} tokens`, count(totals.tokens[t])]),
    ...Object.entries(totals.cost_micros).map(([currency, micros]) => [`cost in ${currency}`, money(micros)]),
  ]);
  fill('errors', byCount(totals.errors).filter(([kind]) => kind !== '').map(([kind, n]) => [kind, count(n)]));
  fill('warnings', byCount(totals.warnings).map(([code, n]) => [code, count(n)]));
  fill('config', [
    ['File', status.config.file || 'none, the defaults are in use'],
    ['Loaded', new Date(status.config.loaded).toLocaleString('en-GB')],
    ['Last reload', status.config.problem ? `rejected: ${status.config.problem}` : 'ok'],
  ]);
}

function show(status, calls) {
  const { list, since } = latest(status, calls.recent);
  const found = problems(status, list);
  showHealth(status, found);
  showProblems(found);
  showOpen(calls);
  showRates(list, since);
  showState(status);
  showRecent(calls.recent);
}

async function load(path) {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(timeout) });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.json();
}

let timer = 0;
let busy = false;
let paused = false;
let updated = 'Never updated';

async function refresh() {
  busy = true;
  try {
    show(...await Promise.all([load('debug/status'), load('debug/calls')]));
    updated = `Updated ${clock(Date.now())}`;
    document.body.classList.remove('stale');
    setText($('updated'), updated);
  } catch (err) {
    document.body.classList.add('stale');
    card('health', 'bad', 'No answer', `The sidecar does not answer: ${err.message}`);
    setText($('updated'), updated);
    document.title = 'No answer – bedrock-extproc';
  }
  busy = false;
  schedule(period);
}

// schedule sets the only timer, unless nobody looks.
function schedule(delay) {
  clearTimeout(timer);
  timer = 0;
  if (!busy && !paused && !document.hidden) timer = setTimeout(refresh, delay);
}

document.addEventListener('visibilitychange', () => schedule(0));
$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  schedule(0);
});
schedule(0);
