/** IndexedDB with promises, as little of it as is needed. */

// A database may never answer: its profile is damaged, or a page that sleeps holds it. It only saves time, so it gets none.
const LONGEST_WAIT_MS = 1000;

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>} rejected after a second
 */
export function inTime(promise) {
  let timer = 0;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('', 'TimeoutError')), LONGEST_WAIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * @param {string} name
 * @param {number} version
 * @param {(database: IDBDatabase, upgrade: IDBTransaction | null) => void} create makes the stores of an empty database
 * @returns {Promise<IDBDatabase>}
 */
export async function open(name, version, create) {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => create(opening.result, opening.transaction);
  const database = await result(opening);
  database.onversionchange = () => database.close(); // another page deletes it, or has a newer one
  return database;
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
export function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} once it is on the disk */
export function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
