// Once a second, a page tells the hall what it sees, and learns what the teacher orders. The orders
// that hold are shown below the header.
//
//   import { report } from './report.js';
//   report({
//     mark,                                     // of the page's requests, so that they can be cut
//     lanes: () => ({ sse: { delay_ms: 1.5 } }),   // the transports that it reads by, and the median
                                               // delay of its latest messages; null if none
//     onAnswer({ device, orders, ballot }) {},  // orders: [{ do: 'interval', ms: 2000, … }]
//     via: (ask) => ask(),                      // a queue for the page's requests
//   });
//
// Where the server has no class, it does nothing.

import { PAGES } from './setup.js';
import { addTexts, duration, element, number, remembered, text, url } from './frame.js';
import classTexts from './class.texts.js';

addTexts(classTexts);

const EVERY_MS = 1_000, LATER_MS = 3_000, ANSWER_MS = 10_000;
const DEVICE = 'wslab-device';

// This browser's secret name: a page that knows it can speak for this device.
export const device = remembered.get(DEVICE) ?? newName();

function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const name = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  remembered.set(DEVICE, name);
  return name;
}

// A round time in ms, as people say it.
export function time(ms) {
  return ms >= 1_000 ? `${number(ms / 1_000, ms % 1_000 ? 1 : 0)}\u00a0s` : duration(ms);
}

// What an order does, as a sentence.
export function orderText(order) {
  const { do: what, for_s: s, by_ms, ms, hz: n, device: number } = order;
  switch (what) {
    case 'stop': return text('order_stop', { s });
    case 'slow': return text('order_slow', { s, delay: time(by_ms) });
    case 'interval': return text('order_interval', { interval: time(ms) });
    case 'rate': return text('order_rate', { n });
    default: return number ? text('order_cut_one', { device: number }) : text('order_cut');
  }
}

// Shows the orders that hold; a screen reader hears new ones.
export function showOrders(orders) {
  let line = document.querySelector('.orders');
  if (!line) {
    line = element('p', { className: 'orders' });
    line.setAttribute('role', 'status');
    document.querySelector('body > header').after(line);
  }
  const told = orders.length ? [text('orders'), ...orders.map(orderText)].join(' ') : '';
  if (line.textContent !== told) line.textContent = told;
}

// The number by which the hall knows this device.
function showDevice(device) {
  let tag = document.querySelector('.device');
  if (!tag) {
    tag = element('span', { className: 'device soft' });
    document.querySelector('.languages').before(tag);
  }
  tag.textContent = text('device', { device });
}

export async function report({ mark, lanes, onAnswer = () => {}, via = (ask) => ask() }) {
  if (!PAGES.some(({ name }) => name === 'hall')) return;
  const headers = { 'Content-Type': 'application/json' };
  for (;;) {
    const body = JSON.stringify({ device, mark, lanes: lanes?.() });
    const init = { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS) };
    const answer = await via(() => fetch(url('hall/report'), init)).catch(() => null);
    if (answer?.ok) {
      const told = await answer.json();
      showDevice(told.device);
      showOrders(told.orders);
      onAnswer(told);
    } else {
      onAnswer(null);
    }
    await new Promise((resume) => { setTimeout(resume, answer?.ok ? EVERY_MS : LATER_MS); });
  }
}
