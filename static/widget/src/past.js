import { h, icon } from './dom.js';
import { CHEVRON } from './icons.js';
import { strings } from './strings.js';

/** @typedef {import('./types').Summary} Summary */

/**
 * The list of past conversations.
 * @param {import('./api.js').Api} api
 * @param {string} locale
 * @param {(id: string) => void} open
 */
export function pastConversations(api, locale, open) {
  const list = h('ul', { className: 'past' });
  const said = h('p', { className: 'said', role: 'status' }, strings.connecting);
  const more = h('button', { type: 'button', className: 'wide', hidden: true }, strings.more);
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });

  /** @param {Summary} summary */
  const row = (summary) =>
    h(
      'li',
      {},
      h(
        'button',
        { type: 'button', onclick: () => open(summary.id) },
        h('span', { className: 'name', dir: 'auto' }, summary.title),
        h('time', { dateTime: summary.updated_at }, date.format(new Date(summary.updated_at))),
        icon(CHEVRON),
      ),
    );

  /** @param {string} cursor */
  const load = async (cursor) => {
    const path = `/api/conversations?limit=20${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = api.known ? await api.json('GET', path).catch(() => null) : { conversations: [], next: null };
    said.textContent = page ? (page.conversations.length || cursor ? '' : strings.noPast) : strings.pastFailed;
    list.append(...(page?.conversations ?? []).map(row));
    more.hidden = !page?.next;
    more.onclick = () => load(page.next);
  };

  load('');
  return h('div', { className: 'page' }, said, list, more);
}
