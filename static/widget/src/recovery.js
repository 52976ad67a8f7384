/** What a bad line makes necessary: a script of its own, which comes when it is needed first. */
export { deliver } from './recovery/delivery.js';
export { isHeld, poll } from './recovery/polling.js';
