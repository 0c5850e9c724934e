// The hall for the projector: the room, once a second.

import { TRANSPORTS } from './setup.js';
import { bytes, element, number, start, text, url } from './frame.js';
import hallTexts from './hall.texts.js';
import { showOrders } from './report.js';
import { drawLanes } from './lanes.js';
import { question, result } from './ballot.js';
import { beginTeaching, chooseDevice, knowDevices } from './teacher.js';

start('hall', hallTexts);

const EVERY_MS = 1_000;
const find = (id) => document.getElementById(id);

let state = null, ballotShown;

const rows = TRANSPORTS.map(({ name, title }) => {
  const swatch = element('span', { className: 'swatch' });
  const head = element('th', { scope: 'row' }, swatch, title);
  const cells = [0, 1, 2].map(() => element('td'));
  find('totals').append(element('tr', { data: { transport: name } }, head, ...cells));
  return cells;
});

function show() {
  const { devices, transports, orders, ballot } = state;
  const silent = devices.filter((one) => one.silent).length;
  find('count').textContent = text('devices', { n: devices.length })
    + (silent ? `, ${text('silent_count', { n: silent })}` : '');
  showOrders(orders);
  drawLanes(find('lanes'), devices);
  transports.forEach((transport, n) => {
    const [open, messages, passed] = rows[n];
    open.textContent = number(transport.open);
    messages.textContent = number(transport.messages);
    passed.textContent = bytes(transport.bytes);
  });
  knowDevices(devices);
  showBallot(ballot);
  showJoin(state);
}

function showBallot(ballot) {
  find('ballot').hidden = !ballot;
  if (!ballot) return;
  find('question').textContent = question(ballot);
  const vote = new URL('vote', state.page ?? location.href).href;
  const told = ballot.open ? text('voting', { n: ballot.count, page: vote }) : '';
  if (find('voting').textContent !== told) find('voting').textContent = told;
  const now = `${ballot.number} ${ballot.open}`;
  if (now === ballotShown) return;
  ballotShown = now;
  const shown = ballot.open ? null : result(ballot, null);
  find('result').replaceChildren(...(shown ? [shown.root, ...shown.told] : []));
  shown?.draw();
}

async function refresh() {
  const answer = await fetch(url('hall/state'), { cache: 'no-store' }).catch(() => null);
  Object.assign(find('error'), { textContent: text('lost'), hidden: Boolean(answer?.ok) });
  if (!answer?.ok) return;
  state = await answer.json();
  show();
}

// The page's address and its code: only where others can reach the server.
function showJoin({ page }) {
  if (!page || find('page').textContent === page) return;
  find('page').textContent = page;
  Object.assign(find('page-code'), { src: 'qr.svg', alt: text('code_page') });
  find('join').hidden = find('open').hidden = false;
}

// Not click: the dots are drawn anew each second.
find('lanes').addEventListener('pointerdown', ({ target }) => {
  if (target.dataset.device) chooseDevice(target.dataset.device);
});
new ResizeObserver(() => {
  ballotShown = null;
  if (state) show();
}).observe(find('lanes'));

beginTeaching(refresh);
for (;;) {
  await refresh();
  await new Promise((resume) => { setTimeout(resume, EVERY_MS); });
}
