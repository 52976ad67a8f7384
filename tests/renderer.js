/** The widget's renderer on a page that holds nothing else, and what the tests do with it. */

import { Dates } from '/pages/dates.js';
import { Entry } from '/pages/entry.js';
import { inWords, strings as usual } from '/common/strings.js';
import { Contacts } from '/messages/contacts.js';
import { fill, grow, joined } from '/messages/goods.js';
import { Addresses } from '/messages/links.js';
import { Markdown } from '/messages/markdown.js';
import { strings } from '/messages/strings.js';
import { Answer, Question } from '/messages/view.js';
import { Transcript } from '/panel/transcript.js';
import { strings as ofGoods } from '/shopping/strings.js';

const addresses = new Addresses('https://tarn.example/products/hat', 'tarn.myshopify.com', 'https://chat.example');
const link = (address) => addresses.link(address) ?? new Contacts(addresses.linkHosts).link(address);
const LINKS = ['tarn.example', 'www.tarn.example', 'tarn.myshopify.com'];
const IMAGES = [...LINKS, 'chat.example', 'cdn.shopify.com'];

Object.assign(strings, usual);
Object.assign(ofGoods, usual);
const shopping = { fill, grow, joined };
const acts = { shopping: () => shopping, bring: async () => shopping };
const place = () => document.body.appendChild(document.createElement('div'));

function render(pieces, leads = link) {
  const root = place();
  const markdown = new Markdown(root, leads);
  for (const piece of pieces) markdown.write(piece);
  markdown.end();
  return root;
}

function html(pieces) {
  const root = render(pieces);
  root.remove();
  return root.innerHTML;
}

/** What is wrong with what becomes of a text, whole or cut anywhere, or into these pieces. */
function faults(text, pieces = [text]) {
  const whole = render([text]);
  const found = strangers(whole, LINKS);
  provoke(whole);
  const isSame = (pieces) => {
    const root = render(pieces);
    root.remove();
    return root.isEqualNode(whole);
  };
  if (!isSame(text.split(''))) found.push('each character by itself');
  if (!isSame(pieces)) found.push('these pieces');
  for (let at = 1; at < text.length; at++) {
    if (!isSame([text.slice(0, at), text.slice(at)])) found.push(`cut at ${at}`);
  }
  whole.remove();
  return found;
}

/** The words wherever else the chat shows what others have written, and as addresses. */
function everywhere(words) {
  const money = { amount: 100, currency: words };
  const notices = [{ type: 'warning', code: words, text: words, presentation: words, image: words, url: '' }];
  const variants = ['1', '2'].map((id) => ({ id, title: words, price: money, available: true, notices }));
  const options = [{ name: words, values: [words, `${words} `].map((label) => ({ label, available: true, exists: true })) }];
  const selected = [{ name: words, label: words }];
  const shown = { id: words, title: words, url: '/x', image: '/x', price: money, price_max: money, available: true, notices };
  const product = { ...shown, variants, options, selected, has_more_variants: true };
  const lines = [{ title: words, notices }];
  const totals = [{ type: 'tax', text: words, amount: money }];
  const error = { code: words, title: words, detail: words, status: 500 };
  const parts = [
    { type: 'data-products', data: { products: [product, { ...product, url: words, image: words }] } },
    { type: 'data-cart', data: { status: 'ok', cart: { count: 1, total: money, totals, lines, notices } } },
    { type: `tool-${words}`, output: words, errorText: words },
    { type: words, text: words, data: words },
  ];
  const question = { id: '1', role: 'user', parts: [{ type: 'text', text: words }], metadata: { error } };
  const answer = { id: '2', role: 'assistant', parts, metadata: { status: 'failed' } };
  const settings = { title: words, greeting: words, questions: [words], page: {} };
  const transcript = new Transcript(settings, { title: words, locale: 'en', addresses, acts, words: inWords }, {});
  transcript.views = { Question, Answer };
  transcript.update({ messages: [question, answer], queued: [], phase: 'answering', status: words, problem: error });
  const entry = new Entry({ id: '1', title: words, updated_at: '2026-11-20' }, { locale: 'en' }, new Dates('en'), {});
  const root = place();
  root.append(transcript.element, entry.element);
  return root;
}

/** The elements and their attributes, but for what depends on whether an address is good. */
const shape = (root) =>
  [...root.querySelectorAll(':not(.card, img)')].map((each) => [each.tagName, ...each.getAttributeNames()]).join();

const HARMLESS = shape(everywhere('x'));

/** What is wrong with what becomes of words elsewhere than in an answer. */
function faultsElsewhere(words) {
  const root = everywhere(words);
  const found = shape(root) === HARMLESS ? [] : ['other elements than harmless words'];
  for (const { href, host, protocol } of root.querySelectorAll('a')) {
    if (!LINKS.includes(host) || protocol !== 'https:') found.push(`href ${href}`);
  }
  for (const { src } of root.querySelectorAll('img')) {
    if (!IMAGES.includes(new URL(src).host) || !src.startsWith('https:')) found.push(`src ${src}`);
  }
  root.remove();
  return found;
}

Object.assign(window, { Markdown, render, html, faults, faultsElsewhere });
