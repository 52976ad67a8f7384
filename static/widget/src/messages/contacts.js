import { contactIn } from './links.js';

/**
 * The shop's own ways to be reached. A mail address is its own at one of its domains; anything else, such as a telephone
 * number, only where the page that the shopper is on links to it, too: whoever wrote the answer could make one up.
 */
export class Contacts {
  /** The contacts that the page links to. @type {Set<string> | undefined} */
  #known;

  /** @param {Iterable<string>} hosts the shop's */
  constructor(hosts) {
    this.hosts = [...hosts];
  }

  /** @param {string} address @returns {string | null} the address of one of the shop's own contacts */
  link(address) {
    const contact = contactIn(address);
    if (!contact) return null;
    const isMail = contact.includes('@');
    const isOwn = isMail && this.hosts.some((host) => isSameOrParent(host, contact));
    this.#known ??= new Set([...document.links].map(({ href }) => key(contactIn(href))));
    return isOwn || this.#known.has(key(contact)) ? (isMail ? 'mailto:' : 'tel:') + contact.replaceAll(' ', '') : null;
  }
}

/** The same contact is written in several ways. @param {string} contact */
function key(contact) {
  return contact.toLowerCase().replace(/[^\w@+.%]/g, '');
}

/** A shop at shop.brand.example has its mail at brand.example as well. @param {string} host @param {string} mail */
function isSameOrParent(host, mail) {
  return `.${host}`.endsWith(`.${mail.toLowerCase().split('@').at(-1)}`);
}
