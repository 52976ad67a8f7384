/** What the tests of safety look for, and do, in any page. */

// What the words of an answer may be made of.
const PLAIN = 'STRONG EM S CODE PRE BR HR UL LI BLOCKQUOTE TABLE THEAD TBODY TR TH TD'.split(' ');
const WORDS = new Map([
  ...PLAIN.map((tag) => [tag, []]),
  ['P', ['class']],
  ['OL', ['start']],
  ['A', ['href', 'rel', 'referrerpolicy']],
  ['BDI', ['dir']],
]);
const EVENTS = [
  ...'pointerover pointerenter pointerdown mouseover mouseenter mousedown focus focusin wheel scroll copy'.split(' '),
  ...'load error toggle beforetoggle animationstart transitionend begin message'.split(' '),
];

Object.defineProperty(window, 'ran', { set: () => console.error('a script ran') });

addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
  console.error(`against the policy: ${effectiveDirective} ${blockedURI} ${sample}`),
);

/** What stands under `root` that no words may become, and links that lead elsewhere than to `hosts`. */
function strangers(root, hosts) {
  return [...root.querySelectorAll('*')].flatMap((element) => {
    const attributes = WORDS.get(element.tagName);
    if (!attributes) return [`<${element.tagName}>`];
    const others = element.getAttributeNames().filter((name) => !attributes.includes(name));
    return [...others, ...(element.tagName === 'A' ? astray(element, hosts) : [])];
  });
}

/** What is wrong with a link. */
function astray(anchor, hosts) {
  const { href, protocol, host, username, password, rel, referrerPolicy } = anchor;
  const isOurs = hosts.includes(host) && !username && !password;
  const isSafe = protocol === 'https:' || protocol === location.protocol;
  const isQuiet = rel === 'noopener noreferrer nofollow' && referrerPolicy === 'no-referrer';
  return isOurs && isSafe && isQuiet ? [] : [`href ${href} rel ${rel}`];
}

/** What a shopper may do to what stands under `root`, and what only a browser does; links are not followed. */
function provoke(root) {
  const stay = (event) => event.preventDefault();
  addEventListener('click', stay, true);
  for (const element of root.querySelectorAll('*')) {
    for (const type of EVENTS) element.dispatchEvent(new Event(type));
    element.click?.();
  }
  removeEventListener('click', stay, true);
}

Object.assign(window, { strangers, provoke });
