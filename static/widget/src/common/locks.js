/**
 * Do something while no other tab does it. A browser without locks does it at once, and so does one that refuses them,
 * where site data is blocked.
 * @template T
 * @param {string} name
 * @param {LockOptions} options
 * @param {(isHeld: boolean) => Promise<T>} task told whether it has the lock, which is sure unless the options are content without
 * @returns {Promise<T>}
 */
export async function locked(name, options, task) {
  const { locks } = navigator;
  if (!locks) return task(true);
  let isAsked = false;
  const done = locks.request(name, options, (lock) => ((isAsked = true), task(Boolean(lock))));
  return done.catch((error) => (isAsked || options.signal?.aborted ? Promise.reject(error) : task(true)));
}
