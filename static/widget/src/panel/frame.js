/** How the panel stands on the screen: a window beside the page, the whole of a phone, or the lower half of it. */

/** @typedef {'window' | 'full' | 'half'} Mode */

// Or a window that is as low, be it a phone on its side or a page at 200 %.
const PHONE = matchMedia('(max-width: 480px), (max-height: 480px)');

export class Frame {
  #overflow = '';

  /**
   * @param {HTMLDialogElement} dialog
   * @param {AbortSignal} signal ends the listening
   */
  constructor(dialog, signal) {
    this.dialog = dialog;
    PHONE.addEventListener('change', () => this.#adapt(), { signal });
    visualViewport?.addEventListener('resize', () => this.#clearKeyboard(), { signal });
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** @returns {Mode} */
  get mode() {
    return /** @type {Mode} */ (this.dialog.dataset.mode);
  }

  /**
   * @param {boolean} isHalf whether, on a phone, the page must stay in sight
   * @param {boolean} isStill whether it stood there on the page before, and must not move now
   */
  show(isHalf, isStill) {
    if (this.isOpen) this.hide();
    const mode = !PHONE.matches ? 'window' : isHalf ? 'half' : 'full';
    this.dialog.dataset.mode = mode;
    this.dialog.classList.toggle('still', isStill);
    if (mode === 'full') this.#showModal();
    else this.dialog.open = true; // `show()` would take the focus
    this.#clearKeyboard();
  }

  hide() {
    if (this.mode === 'full') document.documentElement.style.overflow = this.#overflow;
    this.dialog.close();
  }

  #showModal() {
    const { style } = document.documentElement;
    this.#overflow = style.overflow;
    style.overflow = 'hidden';
    this.dialog.showModal();
    // It would focus its first button, as if that had been chosen.
    this.dialog.focus({ preventScroll: true });
  }

  /** The window became a phone's or the other way round. */
  #adapt() {
    if (this.isOpen) this.show(false, true);
  }

  /** iOS lays its keyboard over the page instead of making room for it. */
  #clearKeyboard() {
    const view = visualViewport;
    const covered = view && this.mode === 'full' ? Math.max(0, innerHeight - view.height - view.offsetTop) : 0;
    this.dialog.style.setProperty('--keyboard', `${Math.round(covered)}px`);
  }
}
