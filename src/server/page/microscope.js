// The microscope: opens a connection that the server records, and shows every byte of it.

import { TRANSPORTS } from './setup.js';
import { byId, duration, element, language, number, pause, query, randomHex, socketUrl, start, text,
  url } from './frame.js';
import { exchange, publish, request } from './feed.js';
import texts from './microscope.texts.js';

const ENDPOINTS = { 'short-polling': 'poll', 'long-polling': 'long-poll', sse: 'sse',
  ndjson: 'stream', websocket: 'ws' };
const LOOK_EVERY_MS = 400, POLL_EVERY_MS = 1500, HOLD_MS = 8000, POLLS = 20;
// The server forgets captures; one that is not there yet may come.
const PATIENCE_MS = 4000;
const WRONG = RegExp('^(bad-|accept-wrong|mask-missing|mask-forbidden|opcode-reserved|length-not-|'
  + 'folded|tls)');

start('microscope', texts);

// The connection: how to send on it, and how to close it.
let open = null, capture = null, opened = 0;
// What the server says of the capture; the bytes of both directions; the span that is explained.
let seen = null, bytes = null, selected = null, rendered = [];

// --- The connection ---

function path(transport) {
  return `feeds/${encodeURIComponent(byId('feed').value)}/${ENDPOINTS[transport]}`;
}

const send = (message) => publish(byId('feed').value, { from: 'microscope', text: message });

function openWebSocket(id) {
  const address = url(path('websocket'), { capture: id, user: 'microscope' });
  const socket = new WebSocket(socketUrl(address));
  return {
    send: (message) => socket.send(JSON.stringify({ text: message })),
    close: () => socket.close(1000, 'done'),
  };
}

function openSse(id) {
  const source = new EventSource(url(path('sse'), { capture: id }));
  return { send, close: () => source.close() };
}

function openStream(id) {
  const stop = new AbortController();
  const read = async () => {
    const answer = await request(url(path('ndjson'), { capture: id }), { signal: stop.signal });
    const reader = answer.body.getReader();
    while (!(await reader.read()).done) { /* the server shows what came */ }
  };
  read().catch(() => {});
  return { send, close: () => stop.abort() };
}

function openPolls(id, transport) {
  const stop = new AbortController();
  const holds = transport === 'long-polling';
  const read = async () => {
    let after;
    for (let poll = 0; poll < POLLS; poll += 1) {
      const params = { capture: id, ...(after && { after }), ...(holds && { hold_ms: HOLD_MS }) };
      const answer = await request(url(path(transport), params), { signal: stop.signal });
      const page = await answer.json();
      after = `${page.last}-${page.epoch}`;
      if (!holds && poll + 1 < POLLS) await pause(POLL_EVERY_MS);
    }
  };
  read().catch(() => {});
  return { send, close: () => stop.abort() };
}

function openConnection(transport) {
  open?.close();
  capture = randomHex(16);
  opened = Date.now();
  forget();
  const openers = { websocket: openWebSocket, sse: openSse, ndjson: openStream };
  open = (openers[transport] ?? openPolls)(capture, transport);
  const here = new URL(location.href);
  here.searchParams.set('capture', capture);
  here.hash = '';
  history.replaceState(null, '', here);
  look();
}

// --- What the server recorded ---

let looking = 0;

async function look() {
  clearTimeout(looking);
  if (!capture) return;
  const of = capture;
  const goes = await fetchCapture(of).catch(({ status, message }) =>
    of !== capture || fail(status === 404 ? text('no_capture') : message));
  if (goes !== false) looking = setTimeout(look, LOOK_EVERY_MS);
}

// Returns false once there is nothing more to come.
async function fetchCapture(of) {
  const count = bytes ? bytes.up.length + bytes.down.length : 0;
  const known = open || bytes ? { seen: count } : {};
  const { body: found } = await exchange(url(`captures/${of}`, known));
  if (of !== capture) return true;
  if (!found) return bytes || Date.now() - opened < PATIENCE_MS || fail(text('no_capture'));
  byId('error').hidden = true;
  show(found);
  return !(found.ended || found.truncated);
}

function fail(why) {
  byId('error').textContent = why;
  byId('error').hidden = false;
  return false;
}

function forget() {
  [seen, bytes, selected, rendered] = [null, null, null, []];
  byId('bytes').replaceChildren();
  byId('detail').replaceChildren();
  byId('seen').hidden = true;
  byId('error').hidden = true;
  byId('state').textContent = text('opening');
  followsEnd = true;
}

const decode = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

function show(found) {
  seen = found;
  bytes = { up: decode(found.up), down: decode(found.down) };
  byId('seen').hidden = false;
  const whole = bytes.up.length + bytes.down.length;
  const state = found.ended ? 'state_ended' : found.truncated ? 'state_truncated' : 'state_open';
  byId('state').textContent = text(state, { n: whole, count: found.messages });
  if (found.further_connections) {
    byId('state').append(' ', text('further', { n: found.further_connections }));
  }
  byId('below').textContent = text(found.tls ? 'below_tls' : 'below_plain');
  byId('pcap').href = url(`captures/${capture}.pcap`);
  byId('pcap').download = `wslab-${capture.slice(0, 8)}.pcap`;
  showLayers();
  showBytes();
  showSteps();
  if (byId('all').open) showTable();
  if (!selected) selectFragment();
}

const layer = (name) => element('span', { className: `layer ${name}`,
  textContent: seen.layers[name].title[language] });

function showLayers() {
  const cell = (content) => element('td', {}, content);
  const row = (...cells) => element('tr', {}, ...cells);
  const head = row(...['layer', 'up', 'down']
    .map((key) => element('th', { textContent: text(key) })));
  const rows = Object.entries(seen.layers).map(([name, { up, down }]) =>
    row(cell(layer(name)), cell(number(up)), cell(number(down))));
  const sum = row(...[text('sum'), number(bytes.up.length), number(bytes.down.length)].map(cell));
  byId('layers').replaceChildren(head, ...rows, sum);
}

// --- The bytes ---

const name = (span) => `${span.direction}-${span.start}`;
const way = (direction) => text(direction === 'up' ? 'client_to_server' : 'server_to_client');
const partOf = (span) => `${span.direction} ${span.part} ${span.number}`;
const title = (field) => field.name ?? seen.notes[field.note][language][0];
const chunkOf = (span) => seen.chunks.findLastIndex((chunk) =>
  chunk.direction === span.direction && chunk.start <= span.start);

// Adds what is new; what has changed is made again from there on.
function showBytes() {
  const keys = seen.spans.map((span) => JSON.stringify(span));
  let same = rendered.findIndex((one, place) => one.key !== keys[place]);
  if (same < 0) same = rendered.length;
  for (const one of rendered.splice(same)) {
    const paragraph = one.link.parentElement;
    one.link.remove();
    if (paragraph.childElementCount) continue;
    paragraph.previousElementSibling.remove();
    paragraph.remove();
  }
  const added = document.createDocumentFragment();
  let paragraph = byId('bytes').lastElementChild;
  for (let place = same; place < keys.length; place += 1) {
    const span = seen.spans[place];
    if (!place || partOf(seen.spans[place - 1]) !== partOf(span)) {
      paragraph = element('p');
      added.append(element('h2', { textContent: heading(span) }), paragraph);
    }
    const link = spanLink(span, place);
    paragraph.append(link);
    rendered.push({ key: keys[place], link, chunk: chunkOf(span) });
  }
  byId('bytes').append(added);
}

function heading(span) {
  const arrow = span.direction === 'up' ? '↑' : '↓';
  const part = seen.parts[span.part][language];
  return `${arrow} ${way(span.direction)} · ${part} ${span.number} · ${duration(span.at_ns / 1e6)}`;
}

function spanLink(span, place) {
  const link = element('a', { className: span.layer, id: name(span), href: `#${name(span)}` });
  const label = text('span_label',
    { n: span.length, layer: seen.layers[span.layer].title[language] });
  link.setAttribute('aria-label', `${title(span.fields[0])} ${span.fields[0].value}: ${label}`);
  link.tabIndex = place === 0 ? 0 : -1;
  if (span.fields.some((field) => WRONG.test(field.note))) link.classList.add('wrong');
  const content = bytes[span.direction].subarray(span.start, span.start + span.length);
  for (const byte of content) {
    const shown = byte > 32 && byte < 127 ? String.fromCharCode(byte) : byte === 32 ? '␣' : '·';
    link.append(element('i', {}, byte.toString(16).padStart(2, '0'),
      element('b', { textContent: shown })));
  }
  link.onmouseenter = () => select(place, { focus: false });
  link.onclick = (event) => {
    event.preventDefault();
    const byte = [...link.children].findIndex((one) => one.contains(event.target));
    select(place, { focus: true });
    pointTo(span, Math.max(byte, 0));
  };
  link.onfocus = () => select(place, { focus: false });
  return link;
}

// A link to one byte: #up-40.
function pointTo(span, byte) {
  const here = new URL(location.href);
  here.hash = `${span.direction}-${span.start + byte}`;
  history.replaceState(null, '', here);
  document.querySelector('#bytes i.here')?.classList.remove('here');
  rendered[seen.spans.indexOf(span)].link.children[byte].classList.add('here');
}

function selectFragment() {
  const [, direction, byte] = /^#(up|down)-(\d+)$/.exec(location.hash) ?? [];
  const holds = (span) => span.direction === direction
    && span.start <= byte && byte < span.start + span.length;
  const place = seen.spans.findIndex(holds);
  select(Math.max(place, 0), { focus: place >= 0 });
  if (place >= 0) pointTo(seen.spans[place], byte - seen.spans[place].start);
}

function select(place, { focus }) {
  const [one, span] = [rendered[place], seen?.spans[place]];
  if (!one) return;
  for (const link of byId('bytes').querySelectorAll('a[aria-current]')) {
    link.removeAttribute('aria-current');
    link.tabIndex = -1;
  }
  one.link.setAttribute('aria-current', 'true');
  one.link.tabIndex = 0;
  selected = place;
  if (focus) {
    one.link.focus({ preventScroll: true });
    one.link.scrollIntoView({ block: 'nearest' });
  }
  explain(span);
}

function explain(span) {
  const last = span.start + span.length - 1;
  const where = text(span.length === 1 ? 'place_one' : 'place', { first: span.start, last,
    way: way(span.direction), at: duration(span.at_ns / 1e6) });
  const list = element('dl');
  for (const field of span.fields) list.append(...fieldLines(field));
  byId('detail').replaceChildren(element('h2', { textContent: title(span.fields[0]) }),
    element('p', {}, layer(span.layer), ` ${where}`), list);
}

function sectionLink(field) {
  const section = seen.sections[field.section];
  return element('a', { href: section.url, textContent: section[language], rel: 'noreferrer',
    target: '_blank' });
}

function fieldLines(field) {
  const value = field.value ? `${title(field)}: ${field.value}` : title(field);
  const lines = [element('dt', { textContent: value }),
    element('dd', { textContent: seen.notes[field.note][language][1] })];
  if (field.section) lines.push(element('dd', {}, sectionLink(field)));
  if (field.command) {
    const copy = element('button', { type: 'button', textContent: text('copy') });
    copy.onclick = () => copyText(field.command, copy);
    lines.push(element('dd', {}, element('pre', { textContent: field.command }), copy));
  }
  return lines;
}

// Without https there is no clipboard for scripts: the command is selected instead.
async function copyText(command, button) {
  try {
    await navigator.clipboard.writeText(command);
    button.textContent = text('copied');
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = document.execCommand('copy') ? text('copied') : text('selected');
  }
}

byId('bytes').onkeydown = (event) => {
  const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };
  const last = rendered.length - 1;
  const to = { Home: 0, End: last }[event.key] ?? selected + moves[event.key];
  if (!(to >= 0 && to <= last)) return;
  event.preventDefault();
  select(to, { focus: true });
  pointTo(seen.spans[to], 0);
};

// --- The timeline: one step is one read or write of the server ---

let followsEnd = true;

function showSteps() {
  const steps = seen.chunks.length;
  byId('step').max = Math.max(steps, 1);
  if (followsEnd) byId('step').value = steps;
  showStep();
}

function showStep() {
  const step = Number(byId('step').value);
  const chunk = seen?.chunks[step - 1];
  if (!chunk) return;
  for (const one of rendered) one.link.classList.toggle('later', one.chunk >= step);
  byId('back').disabled = step <= 1;
  byId('forward').disabled = step >= seen.chunks.length;
  byId('moved').textContent = text(chunk.direction === 'up' ? 'step_read' : 'step_written', { step,
    steps: seen.chunks.length, n: chunk.length, at: duration(chunk.at_ns / 1e6) });
}

function stepTo(step) {
  if (!seen) return;
  byId('step').value = step;
  followsEnd = Number(byId('step').value) === seen.chunks.length;
  showStep();
  const first = rendered.findIndex((one) => one.chunk === Number(byId('step').value) - 1);
  if (first >= 0) {
    select(first, { focus: false });
    rendered[first].link.scrollIntoView({ block: 'nearest' });
  }
}

byId('step').oninput = () => stepTo(Number(byId('step').value));
byId('back').onclick = () => stepTo(Number(byId('step').value) - 1);
byId('forward').onclick = () => stepTo(Number(byId('step').value) + 1);

// --- All fields as a table, also for paper ---

function showTable() {
  if (!seen) return;
  const row = (cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)));
  const rows = seen.spans.flatMap((span) => span.fields.map((field, first) => row([
    first ? '' : `${span.direction === 'up' ? '↑' : '↓'} ${span.start}`,
    first ? '' : layer(span.layer),
    title(field), field.value,
    field.section ? sectionLink(field) : '',
    field.command ? element('code', { textContent: field.command }) : '',
  ])));
  const columns = ['byte', 'layer', 'field', 'value', 'section', 'command'];
  const head = element('tr', {}, ...columns.map((key) =>
    element('th', { scope: 'col', textContent: text(`column_${key}`) })));
  byId('table').replaceChildren(element('thead', {}, head), element('tbody', {}, ...rows));
}

byId('all').ontoggle = showTable;
addEventListener('beforeprint', () => { byId('all').open = true; showTable(); });
byId('print').onclick = () => print();

// --- Controls ---

for (const transport of TRANSPORTS) {
  byId('transport').append(new Option(transport.title, transport.name));
}
byId('transport').value = query.get('transport') ?? 'websocket';
if (!byId('transport').value) byId('transport').value = 'websocket';
byId('feed').value = query.get('feed') ?? `microscope-${randomHex(3)}`;

byId('open').onsubmit = (event) => {
  event.preventDefault();
  openConnection(byId('transport').value);
};

// Does what a button says; says why not where it cannot.
async function act(what) {
  if (!open) return fail(text('not_open'));
  byId('error').hidden = true;
  try { await what(); } catch (error) { fail(error.message); }
  return look();
}

byId('act').onsubmit = (event) => {
  event.preventDefault();
  act(() => open.send(byId('text').value));
};
byId('ping').onclick = () => act(() => exchange(url(`captures/${capture}`), { method: 'POST' })
  .catch(({ status, message }) => { throw new Error(status ? text('no_ping') : message); }));
byId('close').onclick = () => act(() => { open.close(); open = null; });

addEventListener('hashchange', () => seen && selectFragment());
addEventListener('pagehide', () => open?.close());

const kept = query.get('capture');
if (/^[0-9a-f]{32}$/i.test(kept ?? '')) {
  capture = kept;
  byId('state').textContent = text('opening');
  look();
} else {
  byId('state').textContent = text('begin');
}
