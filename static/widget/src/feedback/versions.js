import { h } from '../common/dom.js';
import { CHEVRON } from '../common/icons.js';
import { tool } from '../messages/tool.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {{ pairs: { question: Message, answer: Message }[], at: number, next: string | null }} Look */

/** @typedef {import('../messages/tools.js').AnswerTools} AnswerTools */

/** The version buttons of each answer. @type {WeakMap<AnswerTools, Bar>} */
const bars = new WeakMap();

/** Say which version of an answer is shown, with the ways to the others. @param {AnswerTools} tools */
export function showVersions(tools) {
  const bar = bars.get(tools) ?? new Bar(tools);
  bars.set(tools, bar);
  bar.update(tools.message);
}

class Bar {
  #count = h('span');
  #earlier;
  #later;

  /** @param {AnswerTools} tools */
  constructor(tools) {
    this.#earlier = tool(strings.earlier, CHEVRON, () => step(tools, -1));
    this.#later = tool(strings.later, CHEVRON, () => step(tools, 1));
    tools.element.prepend(h('span', { className: 'versions' }, this.#earlier, this.#count, this.#later));
  }

  /** @param {Message} message */
  update({ metadata }) {
    const { version = 1, shown = version } = metadata ?? {};
    this.#count.textContent = strings.version(shown, version);
    turn(this.#earlier, shown > 1);
    turn(this.#later, shown < version);
  }
}

/** A button at its end keeps the focus, so it is not disabled but says so. @param {Element} button @param {boolean} isOn */
function turn(button, isOn) {
  button.setAttribute('aria-disabled', String(!isOn));
}

/** Show an earlier or a later version. @param {AnswerTools} tools @param {number} by */
async function step({ acts, message }, by) {
  const versions = (acts.transcript.versions ??= new Versions(acts.api));
  if (await versions.step(message, by)) acts.draw();
}

/** Which versions of answers the shopper looks at. The newest is the one that counts. */
export class Versions {
  /** By the answer's id. @type {Map<string, Look>} */
  #looks = new Map();

  /** @param {import('../conversation/api.js').Api} api */
  constructor(api) {
    this.api = api;
  }

  /** Go to an earlier or a later version. @param {Message} answer @param {number} by @returns {Promise<boolean>} */
  async step({ id }, by) {
    const look = this.#looks.get(id) ?? (await this.#load(id));
    if (!look) return false;
    if (look.at + by < 0 && look.next) await this.#more(id, look);
    look.at = Math.min(Math.max(look.at + by, 0), look.pairs.length - 1);
    return true;
  }

  /** @param {string} id @returns {Promise<Look | null>} */
  async #load(id) {
    const found = await this.#page(id);
    if (!found) return null;
    const look = { pairs: found.versions, at: found.versions.length - 1, next: found.next };
    this.#looks.set(id, look);
    return look;
  }

  /** Bring the versions before those that are here. @param {string} id @param {Look} look */
  async #more(id, look) {
    const found = await this.#page(id, `?before=${look.next}`);
    if (!found) return;
    look.pairs.unshift(...found.versions);
    look.at += found.versions.length;
    look.next = found.next;
  }

  /** @param {string} id @param {string} [query] */
  #page(id, query = '') {
    return this.api.json('GET', `/api/messages/${id}/versions${query}`).catch(() => null);
  }

  /** The messages as they are to be shown, under the ids that they have in the conversation. @param {Message[]} messages */
  of(messages) {
    if (!this.#looks.size) return messages;
    const shown = [...messages];
    messages.forEach((message, index) => {
      const look = this.#looks.get(message.id);
      const pair = look?.pairs[look.at];
      if (!look || !pair || look.at === look.pairs.length - 1) return;
      const { version } = { ...look.pairs.at(-1)?.answer.metadata };
      const metadata = { ...pair.answer.metadata, version, shown: pair.answer.metadata?.version ?? 1 };
      shown[index] = { ...pair.answer, id: message.id, metadata };
      const question = messages[index - 1];
      if (question?.role === 'user') shown[index - 1] = { ...question, parts: pair.question.parts };
    });
    return shown;
  }
}
