// The plot: the latency of each delivery over the last minute, on a logarithmic axis.

import { duration } from './frame.js';
import { sized } from './lane.js';

const WINDOW_MS = 60_000;
const LEAST_MS = 0.1, MOST_MS = 100_000;

// A sign for each transport, for readers who can't tell the colours apart.
export const SIGNS = ['●', '■', '▲', '◆', '✚'];

export function drawPlot(canvas, lanes, now, colours) {
  const { context, width, height } = sized(canvas);
  const shown = lanes.map(({ arrivals }) =>
    arrivals.filter(({ at, late }) => !late && now - at < WINDOW_MS));
  const all = shown.flat().map(({ ms }) => Math.min(Math.max(ms, LEAST_MS), MOST_MS));
  const decade = (ms, round) => round(Math.log10(ms));
  const low = Math.min(0, ...all.map((ms) => decade(ms, Math.floor)));
  const high = Math.max(2, ...all.map((ms) => decade(ms, Math.ceil)));
  const left = 58, top = 8, bottom = height - 22, right = width - 10;
  const x = (at) => right - ((now - at) * (right - left)) / WINDOW_MS;
  const y = (ms) => {
    const exponent = Math.log10(Math.min(Math.max(ms, LEAST_MS), MOST_MS));
    return bottom - ((exponent - low) * (bottom - top)) / (high - low);
  };
  context.font = '13px system-ui, sans-serif';
  context.fillStyle = colours.soft;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (let exponent = low; exponent <= high; exponent += 1) {
    const ms = 10 ** exponent, at = y(ms);
    context.beginPath();
    context.moveTo(left, at);
    context.lineTo(right, at);
    context.stroke();
    context.fillText(ms < 1000 ? duration(ms).replace(/[.,]0/, '') : `${ms / 1000}\u00a0s`,
      left - 6, at);
  }
  context.textBaseline = 'alphabetic';
  for (let s = 60; s >= 0; s -= 15) {
    context.textAlign = s ? 'center' : 'right';
    if (s === 60) context.textAlign = 'left';
    context.fillText(s ? `−${s}\u00a0s` : '0', x(now - s * 1000), height - 4);
  }
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  lanes.forEach((lane, n) => {
    context.fillStyle = lane.colour ?? colours.soft;
    for (const { at, ms } of shown[n]) context.fillText(SIGNS[n], x(at), y(ms));
  });
}
