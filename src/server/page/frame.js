// What all pages share: the language, texts by key, numbers, the navigation.
//
//   import { start, text, number } from './frame.js';
//   import texts from './hall.texts.js';        // texts/pages/hall.json
//   start('hall', texts);
//
// A text is a pair, English and Brazilian Portuguese; each may be a pair of singular and plural,
// chosen by `n`. In markup: <p data-text="key">, <button data-label="key"> (aria-label).

import { LANGUAGE, PAGES } from './setup.js';
import frameTexts from './frame.texts.js';

const LANGUAGES = ['en', 'pt'], TAGS = { en: 'en', pt: 'pt-BR' };
const REMEMBERED = 'wslab-language';

export const query = new URLSearchParams(location.search);
export const token = query.get('token');

// Storage may be forbidden; then nothing is remembered.
export const remembered = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* see above */ } },
};

const known = (tag) => LANGUAGES.find((one) => tag?.toLowerCase().split(/[-_]/)[0] === one);
export const language = known(query.get('lang')) ?? known(remembered.get(REMEMBERED))
  ?? known(LANGUAGE) ?? navigator.languages.map(known).find(Boolean) ?? LANGUAGES[0];
export const languageTag = TAGS[language];

const texts = {};
const plurals = new Intl.PluralRules(languageTag);

// The text of a key, with {name} replaced by values.name; numbers are written as in the language.
export function text(key, values = {}) {
  const pair = texts[key];
  if (!pair) throw new Error(`no text "${key}"`);
  let found = pair[LANGUAGES.indexOf(language)];
  if (Array.isArray(found)) found = found[plurals.select(values.n) === 'one' ? 0 : 1];
  return found.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === 'number' ? number(value) : value;
  });
}

export function number(value, digits = 0) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString(languageTag, options);
}

// A duration in ms, as precise as it is worth.
export function duration(ms) {
  const size = Math.abs(ms);
  return size < 9_999.5 ? `${number(ms, size && size < 9.95 ? 1 : 0)}\u00a0ms`
    : `${number(ms / 1000, 1)}\u00a0s`;
}

// Bytes, by powers of 1,000.
export function bytes(count) {
  if (count < 1_000) return `${number(count)}\u00a0B`;
  const [size, unit] = count < 1e6 ? [count / 1e3, 'kB'] : [count / 1e6, 'MB'];
  return `${number(size, size < 99.95 ? 1 : 0)}\u00a0${unit}`;
}

// An element with properties; `data` are its data attributes. Text only ever goes in as text.
export function element(tag, { data, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

// Changes the text of an element only where it is another one, so that no screen reader says it
// again.
export function put(one, said) {
  if (one.textContent !== said) one.textContent = said;
}

export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// A number of so many random bytes, in hexadecimal. Outside secure contexts there is no randomUUID.
export function randomHex(size) {
  const random = crypto.getRandomValues(new Uint8Array(size));
  return [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Fills in the texts of elements below `root`.
export function fill(root = document) {
  for (const one of root.querySelectorAll('[data-text]')) {
    one.textContent = text(one.dataset.text);
  }
  for (const one of root.querySelectorAll('[data-label]')) {
    one.setAttribute('aria-label', text(one.dataset.label));
  }
}

// A URL of this server, relative to the page, so that a proxy's prefix works; the token is handed
// on.
export function url(path, params = {}) {
  const made = new URL(path, location.href);
  made.search = new URLSearchParams({ ...params, ...(token && { token }) });
  return made;
}

// The address of a WebSocket where `where` is.
export function socketUrl(where) {
  where.protocol = where.protocol.replace('http', 'ws');
  return where;
}

// Adds texts by key, for a module that pages share.
export function addTexts(more) {
  Object.assign(texts, more);
}

// Begins a page: adds its texts, and fills in its header, its title and its elements.
export function start(name, more) {
  addTexts(frameTexts);
  addTexts(more);
  document.documentElement.lang = languageTag;
  document.title = `${text(`nav_${name}`)} – wslab`;
  header(name);
  fill();
}

function header(name) {
  const links = PAGES.map((page) => {
    const link = element('a', { textContent: text(`nav_${page.name}`) });
    link.href = url(`.${page.path}`);
    if (page.name === name) link.setAttribute('aria-current', 'page');
    return link;
  });
  const nav = element('nav', {}, ...links);
  nav.setAttribute('aria-label', text('navigation'));
  const choices = LANGUAGES.map((one) => {
    const choice = element('button', { type: 'button', lang: TAGS[one], textContent: one });
    choice.setAttribute('aria-label', text(`language_${one}`));
    choice.setAttribute('aria-pressed', one === language);
    choice.onclick = () => {
      remembered.set(REMEMBERED, one);
      const here = new URL(location.href);
      if (remembered.get(REMEMBERED) === one) here.searchParams.delete('lang');
      else here.searchParams.set('lang', one);
      location.replace(here);
    };
    return choice;
  });
  const languages = element('div', { className: 'languages', role: 'group' }, ...choices);
  languages.setAttribute('aria-label', text('language'));
  document.querySelector('body > header').replaceChildren(nav, languages);
}
