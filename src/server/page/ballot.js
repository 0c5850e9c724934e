// A question of the class: its words, and once it is closed the votes' spread with the truth.

import { bytes, duration, element, number, text } from './frame.js';
import { svg } from './svg.js';
import { time } from './report.js';

const UNITS = {
  'poll-delay': 'ms', 'push-delay': 'ms', 'empty-polls': 'percent', 'bytes-ratio': 'ratio',
  'frame-head': 'bytes', 'server-cpu': 'percent',
};

export function question({ question: { kind, text: own, interval_ms } }) {
  if (kind === 'free') return own;
  return text(`ask_${kind}`, { interval: interval_ms ? time(interval_ms) : '' });
}

// The name of the unit that a vote has.
export function unitName({ question: { kind, unit } }) {
  return kind === 'free' ? unit || text('unit_none') : text(`unit_${UNITS[kind]}`);
}

// A number of this question, with its unit.
export function value(ballot, it) {
  const { kind, unit } = ballot.question;
  const digits = Number.isInteger(it) || Math.abs(it) >= 99.5 ? 0 : Math.abs(it) < 9.95 ? 2 : 1;
  switch (UNITS[kind]) {
    case 'ms': return duration(it);
    case 'bytes': return bytes(it);
    case 'percent': return `${number(it, digits)}\u00a0%`;
    case 'ratio': return `${number(it, digits)}\u00a0×`;
    default: return unit ? `${number(it, digits)}\u00a0${unit}` : number(it, digits);
  }
}

function truthText(ballot) {
  const { truth } = ballot;
  if (!truth) return ballot.question.kind === 'free' ? '' : text('truth_none');
  const values = { value: value(ballot, truth.value), n: truth.devices };
  return text(`truth_${truth.source}`, values);
}

// The result of a closed question; `own` is the vote of this device.
export function result(ballot, own) {
  const { votes = [], question: { kind } } = ballot;
  const said = votes.length
    ? text('class_median', { n: votes.length, value: value(ballot, ballot.median) })
    : text('no_votes');
  const why = kind === 'free' ? '' : text(`why_${kind}`);
  const lines = [said, truthText(ballot), why].filter(Boolean);
  const told = lines.map((line) => element('p', { textContent: line }));
  const root = svg('svg', { class: 'strip', role: 'img', 'aria-label': lines.join(' ') });
  return { root, told, draw: () => drawStrip(root, ballot, own) };
}

const HEIGHT = 220, TOP = 56, BOTTOM = 34, SIDE = 24;

// Each vote is a dot; equal ones stack. The axis ends after nine tenths of the votes, or after the
// truth; what lies beyond is counted.
function drawStrip(root, ballot, own) {
  const { votes = [], median, truth } = ballot;
  const { width } = root.getBoundingClientRect();
  root.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  const most = votes[Math.ceil(votes.length * 0.9) - 1] ?? 0;
  const marked = [truth?.value, median, own].filter((it) => it != null);
  const high = Math.max(most, ...marked) || 1, low = Math.min(0, votes[0] ?? 0, ...marked);
  const end = low + (high - low) * 1.1;
  const x = (it) => SIDE + (it - low) / (end - low) * (width - 2 * SIDE);
  const shown = votes.filter((it) => it <= end);
  const base = HEIGHT - BOTTOM;
  const parts = [svg('line', { class: 'axis', x1: SIDE, x2: width - SIDE, y1: base, y2: base })];
  for (const it of ticks(low, end, width)) {
    parts.push(svg('text', { class: 'tick', x: x(it), y: HEIGHT - 10 }, value(ballot, it)));
  }
  parts.push(...dots(shown, x, base, own));
  const marks = [
    ['median', median, 'mark_median', 40], ['truth', truth?.value, 'mark_truth', 18],
  ];
  for (const [name, it, key, y] of marks) {
    if (it == null) continue;
    const at = x(it), isLeft = at > width * 0.6;
    parts.push(
      svg('line', { class: name, x1: at, x2: at, y1: y - 12, y2: base }),
      svg('text', { class: name, x: at + (isLeft ? -8 : 8), y,
        'text-anchor': isLeft ? 'end' : 'start' }, `${text(key)}: ${value(ballot, it)}`),
    );
  }
  if (shown.length < votes.length) {
    const beyond = `${text('beyond', { n: votes.length - shown.length })} →`;
    parts.push(svg('text', { class: 'beyond', x: width - 4, y: base - 8, 'text-anchor': 'end' },
      beyond));
  }
  root.replaceChildren(...parts);
}

function dots(votes, x, base, own) {
  const radius = 6, stacks = new Map();
  const placed = votes.map((it) => {
    const column = Math.round(x(it) / (2 * radius)), above = stacks.get(column) ?? 0;
    stacks.set(column, above + 1);
    return { it, above };
  });
  // In a high stack, dots overlap.
  const step = Math.min(2 * radius, (base - TOP - radius) / Math.max(...stacks.values(), 1));
  let isOwnMarked = false;
  return placed.map(({ it, above }) => {
    const isOwn = !isOwnMarked && own != null && Math.fround(own) === Math.fround(it);
    isOwnMarked ||= isOwn;
    return svg('circle', { class: isOwn ? 'vote own' : 'vote', r: radius - 0.5,
      cx: x(it), cy: base - radius - above * step });
  });
}

// A few round numbers on the axis.
function ticks(low, high, width) {
  const about = (high - low) / Math.max(2, Math.floor(width / 160));
  const power = 10 ** Math.floor(Math.log10(about));
  const step = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= about);
  const found = [];
  for (let it = Math.ceil(low / step) * step; it <= high; it += step) {
    found.push(Number(it.toPrecision(6)));
  }
  return found;
}
