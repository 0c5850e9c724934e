// The teacher's part of the hall: with the key, it cuts, slows, stops, sets and asks.

import { byId, element, text, url } from './frame.js';
import { exchange, posted } from './feed.js';
import { time } from './report.js';

const KEY = 'wslab-teacher';     // for this tab alone, so that a projector's other tabs have none

const KINDS = [
  'poll-delay', 'push-delay', 'empty-polls', 'bytes-ratio', 'frame-head', 'server-cpu', 'free',
];
const INTERVALS_MS = [250, 500, 1_000, 2_000, 5_000, 10_000];

let key = null, refresh, target;

export function beginTeaching(whenDone) {
  refresh = whenDone;
  // The key may come in the fragment, which no server sees; it does not stay on the screen.
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given) history.replaceState(null, '', location.pathname + location.search);
  const kept = given ?? sessionStorage.getItem(KEY);
  byId('unlock').addEventListener('submit', (submit) => {
    submit.preventDefault();
    unlock(byId('key').value.trim());
  });
  if (kept) unlock(kept);
}

export function knowDevices(devices) {
  if (!target) return;
  const numbers = devices.map(({ n }) => `${n}`);
  const listed = [...target.options].slice(1).map(({ value }) => value);
  if (numbers.join() === listed.join()) return;
  const chosen = target.value;
  const options = numbers.map((n) => new Option(text('number', { device: n }), n));
  target.replaceChildren(new Option(text('all'), ''), ...options);
  target.value = numbers.includes(chosen) ? chosen : '';
}

export function chooseDevice(device) {
  if (!target) return;
  target.value = device;
  target.focus();
}

async function unlock(given) {
  key = given;
  const told = await post('room', {});
  if (!told) return;
  sessionStorage.setItem(KEY, key);
  byId('unlock').hidden = true;
  byId('teacher').open = true;
  const controls = byId('controls');
  controls.hidden = false;
  controls.replaceChildren(...forms());
  showWifi(told.wifi);
}

function showWifi(wifi) {
  if (!wifi) return;
  byId('wifi').hidden = byId('join').hidden = false;
  byId('ssid').textContent = wifi.ssid;
  byId('password').textContent = wifi.password && text('password', { password: wifi.password });
  const code = byId('wifi-code');
  code.alt = text('code_wifi');
  code.src = `data:image/svg+xml,${encodeURIComponent(wifi.code)}`;
}

// One order; null, and the reason on the page, where it was refused.
async function post(path, body) {
  const init = posted(body, { Authorization: `Bearer ${key}` });
  try {
    const told = (await exchange(url(`teacher/${path}`), init)).body;
    byId('done').textContent = '';
    return told;
  } catch ({ status, message }) {
    const reasons = { 401: text('key_wrong'), 429: text('key_often') };
    byId('done').textContent = reasons[status] ?? message;
    return null;
  }
}

async function order(body) {
  const told = await post('orders', body);
  if (!told) return;
  byId('done').textContent = body.do === 'cut' ? text('done_cut', { n: told.cut }) : text('done');
  refresh();
}

const select = (values, chosen, name) => {
  const made = element('select');
  for (const value of values) made.append(new Option(name(value), value));
  made.value = chosen;
  return made;
};
const seconds = (values, chosen) => select(values, chosen, (s) => time(s * 1_000));
const labelled = (key, field) => element('label', {}, element('span', { textContent: text(key) }),
  field);

// A form of these fields, whose button does `submit`.
function formOf(button, fields, submit) {
  const send = element('button', { textContent: text(button) });
  const form = element('form', { autocomplete: 'off' },
    element('div', { className: 'fields' }, ...fields, send));
  form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
  form.dataset.order = button;
  return form;
}

function forms() {
  target = select([''], '', () => text('all'));
  const stopFor = seconds([2, 5, 10, 15], 5);
  const slowBy = select([100, 500, 1_000, 3_000], 500, time);
  const slowFor = seconds([10, 30, 60, 120], 30);
  const interval = select(INTERVALS_MS, 2_000, time);
  const rate = select([1, 2, 4, 10, 20, 50], 4, String);
  const minutes = 600;
  const set = formOf('set', [labelled('interval', interval)],
    () => order({ do: 'interval', ms: Number(interval.value), for_s: minutes }));
  const setRate = formOf('set', [labelled('rate', rate)],
    () => order({ do: 'rate', hz: Number(rate.value), for_s: minutes }));
  set.dataset.order = 'interval';
  setRate.dataset.order = 'rate';
  return [
    formOf('cut', [labelled('target', target)],
      () => order({ do: 'cut', device: target.value ? Number(target.value) : null })),
    formOf('slow', [labelled('by', slowBy), labelled('for', slowFor)],
      () => order({ do: 'slow', by_ms: Number(slowBy.value), for_s: Number(slowFor.value) })),
    formOf('stop', [labelled('for', stopFor)],
      () => order({ do: 'stop', for_s: Number(stopFor.value) })),
    set, setRate, questionForm(), closeForm(),
  ];
}

function questionForm() {
  const kind = select(KINDS, KINDS[0], (one) => text(`kind_${one}`));
  const interval = labelled('interval', select(INTERVALS_MS, 2_000, time));
  const own = labelled('text', element('input', { maxLength: 200 }));
  const unit = labelled('unit', element('input', { maxLength: 12, size: 6 }));
  const valueOf = (label) => label.querySelector('input, select').value;
  const fit = () => {
    interval.hidden = kind.value !== 'poll-delay';
    own.hidden = unit.hidden = kind.value !== 'free';
  };
  kind.addEventListener('change', fit);
  fit();
  return formOf('ask', [labelled('kind', kind), interval, own, unit], async () => {
    const asked = { kind: kind.value };
    if (!interval.hidden) asked.interval_ms = Number(valueOf(interval));
    if (!own.hidden) Object.assign(asked, { text: valueOf(own), unit: valueOf(unit) });
    if (await post('ballot', { open: asked })) refresh();
  });
}

function closeForm() {
  const truth = element('input', { type: 'number', step: 'any', inputMode: 'decimal' });
  return formOf('close', [labelled('truth', truth)], async () => {
    const said = truth.value === '' ? null : truth.valueAsNumber;
    if (await post('ballot', { close: { truth: said } })) { truth.value = ''; refresh(); }
  });
}
