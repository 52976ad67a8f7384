/** Keep key events of our fields from the page's scripts, which see the host element instead of a text field. */
const QUIET = 'beforeinput input paste copy cut contextmenu selectstart wheel touchmove'.split(' ');

/** What there is to know of a key. */
const PRESSED = 'key code location repeat isComposing ctrlKey shiftKey altKey metaKey keyCode charCode'.split(' ');

/**
 * Keep the keys that are pressed in the chat from the shortcuts of the page. They are heard before everybody else, at the
 * window, and told in the chat alone. Tab goes on, and an Escape that nothing here has used.
 * @param {HTMLElement} host `<shop-chat>`
 * @param {AbortSignal} signal ends it
 */
export function keepKeys(host, signal) {
  const root = /** @type {ShadowRoot} */ (host.shadowRoot);
  /** The key that was pressed here and is still down: its end is nobody else's either, wherever the focus is by then. */
  let held = '';
  const hear = (/** @type {KeyboardEvent} */ event) => {
    const target = event.composedPath()[0];
    const isHere = target instanceof Node && root.contains(target);
    const isEnd = event.type === 'keyup' && event.key === held;
    if (isEnd) held = '';
    if (event.key === 'Tab' || !(isHere || isEnd)) return;
    const isUsed = isHere && !tell(target, event);
    if (event.key === 'Escape' && !isUsed && !isEnd && !event.isComposing) return;
    event.stopImmediatePropagation();
    if (event.type === 'keydown') held = event.key;
  };
  for (const type of ['keydown', 'keypress', 'keyup']) {
    addEventListener(type, /** @type {EventListener} */ (hear), { capture: true, signal });
  }
  for (const type of QUIET) host.addEventListener(type, (event) => event.stopPropagation(), { passive: true, signal });
  // For those who were at the window before us and ask whether somebody is writing.
  const isContentEditable = { get: () => root.activeElement?.matches('input, textarea, select') ?? false, configurable: true };
  Object.defineProperty(host, 'isContentEditable', isContentEditable);
}

/**
 * Tell the chat of a key by an event that does not leave it. What the browser does by itself is not in it.
 * @param {Node} target
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the browser may go on
 */
function tell(target, event) {
  // Firefox lets every `KeyboardEvent` out of a shadow tree, also one that is not composed: it would come back to us.
  const told = new Event(event.type, { bubbles: true, cancelable: true });
  for (const name of PRESSED) Reflect.set(told, name, Reflect.get(event, name));
  const isLeft = target.dispatchEvent(told);
  if (!isLeft) event.preventDefault();
  return isLeft;
}
