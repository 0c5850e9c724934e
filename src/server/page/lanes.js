// The hall's picture: a lane for each transport, and in it a dot for each device, at the delay of
// its latest messages. Silent devices, and those without a message yet, stand at the left.

import { TRANSPORTS } from './setup.js';
import { duration, text } from './frame.js';
import { svg } from './svg.js';

const LEAST_MS = 0.1, MOST_MS = 60_000;
// In ms; their names are the same in all languages.
const TICKS = [[1, '1 ms'], [10, '10 ms'], [100, '100 ms'], [1_000, '1 s'], [10_000, '10 s']];
const LEFT = 90, RIGHT = 20, BOTTOM = 34;
const NARROW = 600;              // where names and ticks would touch each other

// Where a dot stands across its lane, and aside: always the same for a device, and spread evenly
// (the R2 sequence).
const across = (device) => (device * 0.7548777) % 1, aside = (device) => (device * 0.5698403) % 1;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  if (!sorted.length) return null;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// Draws the devices into `root`, an svg element as wide as it is shown.
export function drawLanes(root, devices) {
  const { width, height } = root.getBoundingClientRect();
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const laneHeight = (height - BOTTOM) / TRANSPORTS.length;
  const x = (ms) => {
    const part = Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log(MOST_MS / LEAST_MS);
    return LEFT + Math.min(part, 1) * (width - LEFT - RIGHT);
  };
  const radius = devices.length > 150 ? 4 : devices.length > 60 ? 6 : 8;
  const parts = [];
  TRANSPORTS.forEach((transport, n) => {
    const top = n * laneHeight;
    const lane = { ...transport, n, top, height: laneHeight, x, width, radius };
    parts.push(drawLane(lane, devices));
  });
  root.replaceChildren(...parts, ...axis(x, width, height));
}

function axis(x, width, height) {
  const shown = TICKS.filter((_, n) => width >= NARROW || n % 2 === 1);
  const parts = shown.map(([ms, name]) =>
    svg('text', { class: 'tick', x: x(ms), y: height - 8 }, name));
  parts.push(svg('text', { class: 'silent', x: 4, y: height - 8 }, text('silent')));
  return parts;
}

function drawLane({ name, title, n, top, height, x, width, radius }, devices) {
  const here = devices.filter(({ delays }) => delays[n] !== false);
  const heard = here.filter(({ silent, delays }) => !silent && delays[n] !== null);
  const middle = median(heard.map(({ delays }) => delays[n]));
  const lane = svg('g', { 'data-transport': name });
  lane.append(
    svg('rect', { class: 'lane', x: 0, y: top + 2, width, height: height - 4, rx: 6 }),
    ...TICKS.map(([ms]) => svg('line', { class: 'grid', x1: x(ms), x2: x(ms), y1: top + 3,
      y2: top + height - 3 })),
    svg('text', { class: 'name', x: 10, y: top + 24 }, title),
  );
  if (middle !== null) {
    const at = x(middle), isNarrow = width < NARROW, isLeft = isNarrow || at > width * 0.7;
    lane.append(
      svg('line', { class: 'median', x1: at, x2: at, y1: top + 4, y2: top + height - 4 }),
      svg('text', { class: 'value', x: isNarrow ? width - 8 : at + (isLeft ? -10 : 10),
        y: top + 24,
        'text-anchor': isLeft ? 'end' : 'start' }, text('median', { delay: duration(middle) })),
    );
  }
  for (const { n: number, silent, delays } of here) {
    const delay = delays[n], isAside = silent || delay === null;
    const room = height - 44 - 2 * radius;
    const dot = svg('circle', {
      class: isAside ? 'dot aside' : 'dot', 'data-device': number, r: radius,
      cx: isAside ? 14 + aside(number) * (LEFT - 30) : x(delay),
      cy: top + 34 + radius + across(number) * Math.max(room, 0),
    });
    const told = silent ? text('silent') : delay === null ? text('no_delay') : duration(delay);
    dot.append(svg('title', {}, text('one_device', { device: number, delay: told })));
    lane.append(dot);
  }
  lane.setAttribute('role', 'img');
  const delay = middle === null ? '–' : duration(middle);
  const told = here.length ? text('lane', { name: title, n: here.length, delay })
    : text('lane_empty', { name: title });
  lane.setAttribute('aria-label', told);
  return lane;
}
