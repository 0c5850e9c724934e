// Once a second, a page tells the hall what it sees, and learns what the teacher orders. The orders
// that hold are shown below the header.
//
//   import { report } from './report.js';
//   report({
//     mark,                                     // of the page's requests, so that they can be cut
//     // The transports that it reads by, and the median delay of its latest messages or null.
//     lanes: () => ({ sse: { delay_ms: 1.5 } }),
//     onAnswer({ device, orders, ballot }) {},  // orders: [{ do: 'interval', ms: 2000, … }]
//     via: (ask) => ask(),                      // a queue for the page's requests
//   });
//
// Where the server has no class, it does nothing.

import { PAGES } from './setup.js';
import { addTexts, duration, element, number, pause, put, randomHex, remembered, text, url }
  from './frame.js';
import { exchange, posted } from './feed.js';
import classTexts from './class.texts.js';

addTexts(classTexts);

const EVERY_MS = 1_000, LATER_MS = 3_000;
const DEVICE = 'wslab-device';

// This browser's secret name: a page that knows it can speak for this device.
export const device = remembered.get(DEVICE) ?? newName();

function newName() {
  const name = randomHex(8);
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
  put(line, orders.length ? [text('orders'), ...orders.map(orderText)].join(' ') : '');
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
  for (;;) {
    const ask = () => exchange(url('hall/report'), posted({ device, mark, lanes: lanes?.() }));
    const told = await via(ask).then(({ body }) => body, () => null);
    if (told) {
      showDevice(told.device);
      showOrders(told.orders);
    }
    onAnswer(told);
    await pause(told ? EVERY_MS : LATER_MS);
  }
}
