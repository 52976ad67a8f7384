/** Dates as the shopper's language writes them. */
export class Dates {
  #day;
  #time;
  #moment;

  /** @param {string} locale */
  constructor(locale) {
    const [known = 'en'] = supported(locale);
    this.#day = new Intl.DateTimeFormat(known, { dateStyle: 'medium' });
    this.#time = new Intl.DateTimeFormat(known, { timeStyle: 'short' });
    this.#moment = new Intl.DateTimeFormat(known, { dateStyle: 'long', timeStyle: 'short' });
  }

  /** The hour of what was today, the day of what was before. @param {string} iso */
  short(iso) {
    const date = new Date(iso);
    const isToday = date.toDateString() === new Date().toDateString();
    return (isToday ? this.#time : this.#day).format(date);
  }

  /** @param {string} iso */
  full(iso) {
    return this.#moment.format(new Date(iso));
  }
}

/** A merchant may write a locale that is none. @param {string} locale */
function supported(locale) {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale);
  } catch {
    return [];
  }
}
