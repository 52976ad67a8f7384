import { done, inTime, open, result } from './database.js';
import { erase } from './erase.js';
import { matches } from './fold.js';
import { isResult, isUnsent, light } from './message.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').Cursor} Cursor */
/** @typedef {import('../types').Summary} Summary */
/** @typedef {(name: typeof STORES[number]) => IDBObjectStore} Stores */

const STORES = /** @type {const} */ (['conversations', 'messages', 'toolResults', 'streamStates']);
const VERSION = 1;
const DAY = 24 * 3600_000;
// Prices and stock of the day before would be painted as if they were today's.
const AGES = { conversations: 30 * DAY, messages: 30 * DAY, toolResults: DAY, streamStates: 15 * 60_000 };
const MOST_CONVERSATIONS = 30;
const MOST_MESSAGES = 30;

/**
 * What this browser has seen of the conversations, to be painted before the server is asked; the server's copy wins.
 * Where there is no IndexedDB, or no room in it, nothing is remembered and nothing is missed.
 */
export class Cache {
  /** @type {Promise<IDBDatabase | null> | null} */
  #opening = null;
  /** @type {Set<IDBTransaction>} */
  #running = new Set();
  #isAway = false;

  /** @param {string} shop */
  constructor(shop) {
    this.name = `shop-chat:${shop}`;
    // WebKit freezes a transaction together with its page, and with it the database for all other pages.
    globalThis.addEventListener?.('pagehide', () => {
      this.#isAway = true;
      for (const transaction of this.#running) abort(transaction);
    });
    globalThis.addEventListener?.('pageshow', () => (this.#isAway = false));
  }

  /** @param {string} id of a conversation @returns {Promise<{ messages: Message[], cursor: Cursor | null } | null>} */
  async read(id) {
    return this.#with('readonly', async (store) => {
      const [kept, results, state] = await Promise.all([
        result(store('messages').get(id)),
        result(store('toolResults').index('conversation').getAll(id)),
        result(store('streamStates').get(id)),
      ]);
      if (!kept) return null;
      const data = new Map(results.map((each) => [each.id, each.data]));
      const messages = kept.messages.map((/** @type {Message} */ message) => whole(message, data));
      if (!state) return { messages, cursor: null };
      const others = messages.filter((/** @type {Message} */ { id: other }) => other !== state.message.id);
      return { messages: [...others, state.message], cursor: state.cursor };
    });
  }

  /** The newest messages, as the server has them. @param {string} id of their conversation @param {Message[]} messages */
  async keep(id, messages) {
    const now = Date.now();
    const kept = messages.filter((message) => !isUnsent(message)).slice(-MOST_MESSAGES).map(light);
    await this.#with('readwrite', async (store) => {
      const known = await result(store('conversations').get(id));
      store('conversations').put({ ...known, id, at: now });
      store('messages').put({ id, at: now, messages: kept.map(bare) });
      store('streamStates').delete(id);
      for (const each of kept.flatMap(results)) store('toolResults').put({ ...each, conversation: id, at: now });
    });
  }

  /** How far a running answer has come. @param {string} id of its conversation @param {Message} message @param {Cursor} cursor */
  async progress(id, message, cursor) {
    const state = { id, at: Date.now(), message: light(message), cursor };
    await this.#with('readwrite', async (store) => void store('streamStates').put(state));
  }

  /** @param {string} words that are in their titles @returns {Promise<Summary[]>} the newest first */
  async list(words) {
    const found = await this.#with('readonly', (store) => result(store('conversations').getAll()));
    const named = (found ?? []).filter(({ title }) => typeof title === 'string' && matches(title, words));
    return named.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
  }

  /** @param {Summary[]} summaries the newest, as the server has them */
  async keepList(summaries) {
    await this.#with('readwrite', async (store) => {
      for (const { id, title, updated_at } of summaries) {
        const known = await result(store('conversations').get(id));
        store('conversations').put({ at: Date.now(), ...known, id, title, updated_at });
      }
    });
  }

  /** @param {string} id of a conversation that is no more */
  async drop(id) {
    await this.#with('readwrite', (store) => forget(store, id));
  }

  /** Everything, without a trace. @returns {Promise<boolean>} whether nothing is left, as far as the browser tells */
  async clear() {
    const isEmpty = this.#opening && (await this.#with('readwrite', empty));
    const database = await inTime(this.#opening ?? Promise.resolve(null)).catch(() => null);
    database?.close();
    this.#opening = null;
    try {
      await inTime(result(indexedDB.deleteDatabase(this.name)));
      return true;
    } catch (error) {
      // A browser without a usable database never kept anything.
      const isNone = /^(Security|Type|Reference)Error$/.test(/** @type {Error} */ (error).name) || isBlocked();
      return isNone || Boolean(isEmpty) || !(await this.#isThere());
    }
  }

  /** Everything, also on the server. @param {import('../panel.js').Panel} panel @returns {Promise<boolean>} as `clear` does */
  erase(panel) {
    return erase(panel);
  }

  /** Erase what the browser could not erase when the shopper asked for it. */
  async eraseRest() {
    if (await this.#isThere()) await this.clear();
  }

  /** Tell whether the browser has a database of that name; true when it does not say. */
  async #isThere() {
    try {
      const all = await inTime(indexedDB.databases()); // Firefox has it from 126 on
      return all.some(({ name }) => name === this.name);
    } catch {
      return true;
    }
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: Stores) => Promise<T>} work
   * @returns {Promise<T | null>} null where it cannot be done, or not in time
   */
  async #with(mode, work) {
    let isLate = false;
    /** @type {IDBTransaction | null} */
    let transaction = null;
    const run = async () => {
      const database = await (this.#opening ??= this.#open());
      if (!database || isLate || this.#isAway) return null;
      const begun = (transaction = this.#track(database.transaction(STORES, mode)));
      const [answer] = await Promise.all([work((name) => begun.objectStore(name)), done(begun)]);
      return answer;
    };
    try {
      return await inTime(run());
    } catch (error) {
      const name = /** @type {Error | null} */ (error)?.name ?? 'AbortError';
      isLate = true;
      abort(transaction);
      if (name === 'QuotaExceededError' && work !== empty) await this.clear();
      else if (!/Timeout|Abort/.test(name)) this.#opening = null; // closed from outside: the next call opens it again
      return null;
    }
  }

  /** Have a transaction end with its page. @param {IDBTransaction} transaction */
  #track(transaction) {
    this.#running.add(transaction);
    for (const end of ['complete', 'abort']) transaction.addEventListener(end, () => this.#running.delete(transaction));
    if (this.#isAway) abort(transaction);
    return transaction;
  }

  async #open() {
    try {
      const database = await open(this.name, VERSION, (created, upgrade) => {
        create(created);
        if (upgrade) this.#track(upgrade);
      });
      await tidy(this.#track(database.transaction(STORES, 'readwrite')));
      return database;
    } catch (error) {
      const name = /** @type {Error | null} */ (error)?.name ?? 'AbortError';
      if (name === 'AbortError') this.#opening = null; // the page went away, and may come back
      return null; // merely naming `indexedDB` throws where it is blocked
    }
  }
}

/** @param {IDBDatabase} database */
function create(database) {
  for (const name of STORES) {
    const store = database.createObjectStore(name, { keyPath: 'id' });
    store.createIndex('at', 'at');
    if (name === 'toolResults') store.createIndex('conversation', 'conversation');
  }
}

/** Tell whether the browser blocks site data. Chrome names that an `UnknownError` of its database. */
function isBlocked() {
  try {
    return !localStorage;
  } catch {
    return true;
  }
}

/** @param {IDBTransaction | null} transaction */
function abort(transaction) {
  try {
    transaction?.abort();
  } catch {
    // It has ended.
  }
}

/** @param {Stores} store */
async function empty(store) {
  for (const name of STORES) store(name).clear();
  return true;
}

/** Take away what is too old and, of the conversations, what are too many. @param {IDBTransaction} transaction */
async function tidy(transaction) {
  /** @type {Stores} */
  const store = (name) => transaction.objectStore(name);
  for (const name of STORES) {
    const old = IDBKeyRange.upperBound(Date.now() - AGES[name]);
    for (const key of await result(store(name).index('at').getAllKeys(old))) store(name).delete(key);
  }
  const newestLast = await result(store('conversations').index('at').getAllKeys());
  for (const id of newestLast.slice(0, -MOST_CONVERSATIONS)) await forget(store, String(id));
  await done(transaction);
}

/** @param {Stores} store @param {string} id of a conversation */
async function forget(store, id) {
  for (const name of /** @type {const} */ (['conversations', 'messages', 'streamStates'])) store(name).delete(id);
  for (const key of await result(store('toolResults').index('conversation').getAllKeys(id))) {
    store('toolResults').delete(key);
  }
}

/** What the shop said in a message, which ages faster than words. @param {Message} message */
function results({ id, parts }) {
  return parts.flatMap((part, index) => (isResult(part) ? [{ id: `${id}/${index}`, data: part.data }] : []));
}

/** A message without what the shop said. @param {Message} message */
function bare({ id, parts, ...rest }) {
  const named = parts.map((part, index) => (isResult(part) ? { type: part.type, result: `${id}/${index}` } : part));
  return { id, ...rest, parts: named };
}

/** @param {Message} message as it was kept @param {Map<string, unknown>} data what is left of what the shop said */
function whole(message, data) {
  const parts = message.parts.flatMap((part) => {
    const { result: name } = /** @type {{ result?: string }} */ (part);
    if (!name) return [part];
    return data.has(name) ? [{ type: part.type, data: data.get(name) }] : [];
  });
  return { ...message, parts };
}
