// A lane of the race: one transport, drawn on a time axis and in figures.

import { byId, bytes, duration, fill, number, put, text } from './frame.js';
import { Subscription } from './subscription.js';
import { clock } from './clock.js';

const SAMPLES = 200;             // deliveries that the percentiles are of
const KEPT_MS = 60_000, KEPT = 2_000;
const CUT_MS = 3_000;            // how long a cut connection stays away
const ROWS = 4;                  // deliveries side by side, so that long delays do not cover others

// The quantile of a list by the nearest rank.
export function quantile(list, share) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export class Lane {
  latencies = []; arrivals = []; last = null; caughtUp = 0;
  pausedByUser = false; runs = false; counted = null; cutting = null;

  // `race` has the feed, the settings, and what was published: { known(epoch), published }.
  constructor({ name, title }, race) {
    Object.assign(this, { name, title, race });
    this.root = byId('lane').content.cloneNode(true).firstElementChild;
    this.root.dataset.transport = name;
    this.find = (selector) => this.root.querySelector(selector);
    this.find('h2').textContent = title;
    fill(this.root);
    this.canvas = this.find('canvas');
    this.subscription = new Subscription(name, {
      feed: race.feed, settings: race.settings,
      deliver: (message, at) => this.deliver(message, at),
      restarted: (_, before) => race.restarted(this, before),
    });
    this.find('[data-pause]').onclick = () => {
      this.pausedByUser = !this.pausedByUser;
      this.run(this.runs);
    };
    this.find('[data-cut]').onclick = () => this.cut();
    this.show();
  }

  // Reads, or waits for this window's turn.
  run(runs) {
    this.runs = runs;
    clearTimeout(this.cutting);
    this.cutting = null;
    if (this.pausedByUser) this.subscription.stop('paused');
    else if (runs) this.subscription.start();
    else this.subscription.stop('waiting');
    this.show();
  }

  // Ends the connection as a lost network would, and resumes later.
  cut() {
    this.subscription.stop('cut');
    this.cutting = setTimeout(() => this.run(this.runs), CUT_MS);
    this.show();
  }

  deliver(message, at) {
    const { seq } = message;
    if (message.kind || !clock.best) return;
    const publishedAt = clock.toPage(message.published_at_ns), ms = at - publishedAt;
    // What was published while this lane did not read has no delay of its transport.
    const late = publishedAt < this.subscription.resumedAt;
    if (late) this.caughtUp += 1;
    else {
      this.latencies.push(ms);
      if (this.latencies.length > SAMPLES) this.latencies.shift();
      this.last = ms;
    }
    this.arrivals.push({ seq, publishedAt, at, ms, late });
    while (this.arrivals.length > KEPT || this.arrivals[0].at < at - KEPT_MS) this.arrivals.shift();
    this.race.delivered(seq, publishedAt);
  }

  median() { return this.latencies.length < 3 ? null : quantile(this.latencies, 0.5); }

  get isLive() { return this.subscription.state === 'live'; }

  // The figures as text.
  show() {
    const { subscription: its, latencies } = this;
    const say = (name, value) => put(this.find(`[data-${name}]`), value);
    const state = this.find('[data-state]');
    if (state.dataset.state !== its.state) {
      state.dataset.state = its.state;
      state.textContent = text(`state_${its.state}`);
    }
    const native = its.ready === its.ready.toUpperCase();
    say('ready', native ? its.ready : text(`ready_${its.ready}`));
    Object.assign(this.find('[data-why]'), { textContent: its.why, hidden: !its.why });
    const interval = this.race.settings.intervalMs / 1000;
    this.find('.how').textContent = text(`how_${this.name}`, { s: interval });
    say('last', this.last === null ? '–' : duration(this.last));
    say('error', clock.best ? `±\u00a0${duration(clock.best.errorMs)}` : '');
    say('p50', latencies.length ? duration(quantile(latencies, 0.5)) : '–');
    say('p99', latencies.length ? duration(quantile(latencies, 0.99)) : '–');
    const { received, missed, requests, empty } = its, { counted } = this;
    say('received', number(received)
      + (this.caughtUp ? text('caught_up', { n: this.caughtUp }) : ''));
    say('missed', number(missed) + (its.duplicates ? text('twice', { n: its.duplicates }) : ''));
    say('requests', number(requests) + (empty ? text('empty', { n: empty }) : ''));
    say('down', counted ? bytes(counted.written_bytes)
      + text('seen', { size: bytes(counted.seen_bytes) }) : '–');
    say('up', counted ? bytes(counted.read_bytes) : '–');
    const pause = this.find('[data-pause]');
    pause.textContent = text(this.pausedByUser ? 'resume' : 'pause');
    pause.setAttribute('aria-pressed', this.pausedByUser);
    pause.setAttribute('aria-label', `${pause.textContent}: ${this.title}`);
    const cut = this.find('[data-cut]');
    cut.textContent = text('cut');
    cut.setAttribute('aria-label', `${cut.textContent}: ${this.title}`);
    cut.disabled = !this.isLive;
  }

  // The time axis: a line begins where a message was published and ends in a dot where it arrived.
  draw(now, windowMs, colours) {
    const { context, width, height } = sized(this.canvas);
    const x = (at) => width - 10 - ((now - at) * (width - 10)) / windowMs;
    const y = (seq) => ((seq % ROWS) + 0.5) * (height / ROWS);
    const colour = this.colour ??= getComputedStyle(this.root).getPropertyValue('--colour');
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.beginPath();
    for (const { publishedAt } of this.race.published) {
      context.moveTo(x(publishedAt), 0);
      context.lineTo(x(publishedAt), height);
    }
    context.stroke();
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 4;
    const line = (from, to, seq) => {
      context.beginPath();
      context.moveTo(x(from), y(seq));
      context.lineTo(x(to), y(seq));
      context.stroke();
    };
    const arrived = new Set();
    for (const { seq, publishedAt, at, late } of this.arrivals) {
      arrived.add(seq);
      if (now - at > windowMs) continue;
      context.globalAlpha = late ? 0.35 : 1;
      line(publishedAt, at, seq);
      context.beginPath();
      context.arc(x(at), y(seq), 5, 0, 7);
      context.fill();
    }
    // On its way, or waiting to be asked for.
    context.globalAlpha = 0.35;
    for (const { seq, publishedAt } of this.race.published) {
      if (!arrived.has(seq)) line(publishedAt, now, seq);
    }
    context.globalAlpha = 1;
  }
}

// The canvas with a pixel for each of the screen's, and its size in CSS pixels.
export function sized(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas, scale = devicePixelRatio || 1;
  const pixels = [width, height].map((size) => Math.round(size * scale));
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) {
    [canvas.width, canvas.height] = pixels;
  }
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
