import { toJson } from '../common/json.js';
import { locked } from '../common/locks.js';

/** The backend, spoken to with this browser's session. */

/** @typedef {import('../types').Problem} Problem */
/** @typedef {{ id: string, token: string, renew: number, expires: number }} Session */

// Each renewal makes the token before worthless, whoever has it.
const RENEW_MS = 86_400_000;
// The lock is held until all other tabs surely read the new session. The message that began it does not wait for that.
const ARRIVAL_MS = 500;
// All messages of all tabs wait for the session.
const LONGEST_MINT_MS = 20_000;

/** What is wrong when no answer comes. @type {Problem} */
export const LOST = { code: 'lost', title: '', detail: '', status: 0 };

/** @type {Problem} */
const NOT_SERVED = { ...LOST, code: 'shop-not-found', status: 404 };

/** The server's refusal, in its own words. */
export class Refused extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.title);
    this.problem = problem;
  }

  /** @param {Response} response */
  static async from(response) {
    const body = await response.json().catch(() => ({}));
    const after = Number(response.headers.get('Retry-After')) || undefined;
    return new Refused({ ...LOST, code: 'internal', ...body, status: response.status, retry_after: after });
  }
}

/** Tell whether the same request may succeed in a moment. @param {Problem} problem */
export function mayPass({ code, status }) {
  return code === LOST.code || status === 429 || status >= 500;
}

export class Api {
  /** @type {Promise<Session> | null} */
  #minting = null;
  /** The session that this page has begun. @type {string | undefined} */
  minted;
  /** Resolves to true when the server serves this website. Requests wait for it. @type {Promise<boolean>} */
  served = Promise.resolve(true);
  /** The server has said that it does not. */
  gone = () => {};

  /**
   * @param {string} origin
   * @param {string} shop
   * @param {import('../common/store.js').Store} store
   */
  constructor(origin, shop, store) {
    this.origin = origin;
    this.shop = shop;
    this.store = store;
  }

  /** Whether this browser has said anything in this shop yet. Without a session there is nothing to ask for. */
  get known() {
    return Boolean(this.store.get('session'));
  }

  /** The session's id. @returns {string | undefined} */
  get id() {
    return this.store.get('session')?.id;
  }

  forget() {
    this.store.remove('session');
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {AbortSignal} [signal]
   */
  async json(method, path, body, signal) {
    const response = await this.send(method, path, body, signal);
    return response.status === 204 ? null : response.json();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {AbortSignal} [signal]
   * @param {() => boolean} [isWanted] whether to repeat the request in a new session when this one is no more
   */
  async send(method, path, body, signal, isWanted = () => true) {
    const session = await this.#session();
    const first = await this.#fetch(method, path, body, signal, session);
    // Nothing begins a session anew that another tab has forgotten.
    if (first.status !== 401 || !isWanted() || !(this.known || this.#minting)) return this.#accepted(first);
    if (this.store.get('session')?.token === session.token) this.forget(); // else another tab has renewed it
    return this.#accepted(await this.#fetch(method, path, body, signal, await this.#session()));
  }

  /**
   * Go on with one turn's events. Its ticket opens that turn and no other, and saves the preflight.
   * @param {string} path
   * @param {string} after the last event that is known
   * @param {string} ticket
   * @param {AbortSignal} signal
   */
  async follow(path, after, ticket, signal) {
    const query = new URLSearchParams({ after, ticket });
    return this.#accepted(await this.#fetch('GET', `${path}?${query}`, undefined, signal));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {AbortSignal} [signal]
   * @param {Session} [session]
   */
  async #fetch(method, path, body, signal, session) {
    if (!(await this.served)) throw new Refused(NOT_SERVED);
    /** @type {Record<string, string>} */
    const headers = {};
    if (session) headers['Authorization'] = `Bearer ${session.token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const request = fetch(this.origin + path, {
      method,
      headers,
      body: body === undefined ? null : toJson(body),
      signal: signal ?? null,
      cache: 'no-store',
      credentials: 'omit',
    });
    // A page may wrap `fetch` in something that ignores the signal.
    const abort = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    return Promise.race([request, abort]);
  }

  /** The session: begun with the first request, renewed every day. @returns {Promise<Session>} */
  async #session() {
    const old = /** @type {Session | undefined} */ (this.store.get('session'));
    const left = old ? old.renew - Date.now() : 0;
    if (old && left > 0 && left <= RENEW_MS) return old;
    this.#minting ??= this.#mintOnce(old).finally(() => (this.#minting = null));
    return this.#minting;
  }

  /**
   * Begin or renew the session, unless another tab has just done it: two tabs that begin at once must not begin two.
   * @param {Session} [old]
   * @returns {Promise<Session>}
   */
  #mintOnce(old) {
    return new Promise((resolve, reject) => {
      const held = locked(`shop-chat:${this.shop}:session`, {}, async () => {
        const theirs = /** @type {Session | undefined} */ (this.store.get('session'));
        if (theirs && theirs.token !== old?.token) return resolve(theirs);
        resolve(await this.#mint(old));
        await new Promise((arrive) => setTimeout(arrive, ARRIVAL_MS));
      });
      held.catch(reject);
    });
  }

  /** @param {Session} [old] */
  async #mint(old) {
    const valid = old && Date.now() < old.expires ? old : undefined;
    const body = { shop: this.shop };
    const limit = AbortSignal.timeout(LONGEST_MINT_MS);
    let response = await this.#fetch('POST', '/api/sessions', body, limit, valid);
    if (response.status === 401) response = await this.#fetch('POST', '/api/sessions', body, limit);
    else if (valid && !response.ok) return valid; // it is good for this request, and the next one tries again
    const answer = await (await this.#accepted(response)).json();
    const expires = Date.parse(answer.expires_at);
    const session = { id: answer.session.id, token: answer.token, renew: Date.now() + RENEW_MS, expires };
    this.store.set('session', session);
    this.minted = session.id;
    return session;
  }

  /** @param {Response} response */
  async #accepted(response) {
    if (response.ok) return response;
    const refused = await Refused.from(response);
    if (/^(shop-not-found|origin-refused)$/.test(refused.problem.code)) this.gone();
    throw refused;
  }
}
