// The theme's own script. Every form works without it; with it the cart opens beside the page.

document.documentElement.classList.add('has-script');

const SECTIONS = ['cart-drawer', 'cart-count'];

async function post(form, path, extra = {}) {
  const body = new FormData(form);
  for (const [name, value] of Object.entries({ ...extra, sections: SECTIONS.join(',') })) body.set(name, value);
  const response = await fetch(`${path}.js`, { method: 'POST', headers: { Accept: 'application/json' }, body });
  return { ok: response.ok, json: await response.json() };
}

function show(sections) {
  for (const [name, html] of Object.entries(sections)) {
    const fresh = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
    const old = document.getElementById(`shopify-section-${name}`);
    if (!fresh || !old) continue;
    if (name === 'cart-drawer') {
      // The dialog stays open, so only what is in it is exchanged.
      old.querySelector('.drawer__inner').replaceWith(fresh.querySelector('.drawer__inner'));
    } else {
      old.replaceChildren(...fresh.childNodes);
    }
  }
}

class CartDrawer extends HTMLElement {
  connectedCallback() {
    this.addEventListener('submit', (event) => this.#change(event));
    this.addEventListener('click', (event) => event.target === this.dialog && this.dialog.close());
  }

  get dialog() {
    return this.querySelector('dialog');
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** What Dawn calls its drawer with after an add. */
  renderContents({ sections }) {
    show(sections);
    this.open();
  }

  async refresh() {
    try {
      const parts = await Promise.all(
        SECTIONS.map(async (name) => [name, await (await fetch(`/?section_id=${name}`)).text()]),
      );
      show(Object.fromEntries(parts));
    } catch {
      // The shopper leaves the page, or the shop cannot be reached: what is shown stays.
    }
  }

  async #change(event) {
    const form = event.target;
    if (!form.matches('[data-cart-change]')) return;
    event.preventDefault();
    const quantity = event.submitter.value;
    const { ok, json } = await post(form, form.getAttribute('action'), { quantity });
    if (ok) show(json.sections);
    else this.querySelector('[data-cart-error]').textContent = json.description;
  }
}

customElements.define('cart-drawer', CartDrawer);
const drawer = document.querySelector('cart-drawer');

document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!form.matches('[data-add]')) return;
  event.preventDefault();
  const { ok, json } = await post(form, form.getAttribute('action'));
  form.querySelector('[data-add-error]').textContent = ok ? '' : json.description;
  if (ok) drawer.renderContents(json);
});

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-cart-open]');
  if (!link || event.metaKey || event.ctrlKey || location.pathname === '/cart') return;
  event.preventDefault();
  drawer.open();
});

document.querySelector('[data-sort]')?.addEventListener('change', (event) => event.currentTarget.submit());

// "Break it" stays on its page, so that one can watch what the chat does about it.
document.addEventListener('submit', async (event) => {
  const section = event.target.closest('[data-stay]')?.parentElement;
  if (!section) return;
  event.preventDefault();
  const { name, value } = event.submitter;
  const response = await fetch(location.pathname, { method: 'POST', body: new URLSearchParams({ [name]: value }) });
  show({ [section.id.replace('shopify-section-', '')]: await fragment(response, section.id) });
  await drawer.refresh();
});

/** The markup of one section of a page. */
async function fragment(response, id) {
  return new DOMParser().parseFromString(await response.text(), 'text/html').getElementById(id).outerHTML;
}

/** The price and stock of the size that was chosen. */
function choose({ price, compare, stock }) {
  const sale = compare && compare !== price;
  const shown = document.querySelector('[data-price] .price');
  shown.classList.toggle('price--sale', Boolean(sale));
  shown.querySelector('b').textContent = price;
  const before = shown.querySelector('s');
  if (before) before.textContent = compare;
  const line = document.querySelector('[data-stock-line]');
  line.textContent = stock < 6 ? `Only ${stock} left` : 'In stock, leaves us today';
  line.classList.toggle('stock--low', stock < 6);
}

document.querySelector('.sizes')?.addEventListener('change', ({ target }) => choose(target.dataset));

// The chat and other apps change the cart through Shopify's standard actions.
document.addEventListener('shopify:cart:lines-update', async (event) => {
  await event.promise;
  await drawer.refresh();
});

addEventListener('pageshow', (event) => event.persisted && drawer.refresh());

const { actions } = window.Shopify;
actions.updateCart.configure({ eventTarget: () => drawer });
actions.openCart.configure({
  handler: async () => {
    await drawer.refresh();
    drawer.open();
  },
});
