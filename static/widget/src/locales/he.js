/** Everything the widget says by itself, in Hebrew, to nobody's gender. */

const rules = new Intl.PluralRules('he');

/**
 * So many of something: one and two are words of their own, all others a number and the plural.
 * @param {number} n
 * @param {string} one
 * @param {string} two
 * @param {string} other
 */
function count(n, one, two, other) {
  const rest = `${n} ${other}`;
  return { zero: rest, one, two, few: rest, many: rest, other: rest }[rules.select(n)];
}

/** @type {typeof import('../messages/strings.js').strings} */
export const strings = {
  title: 'העוזר של החנות',
  subtitle: 'עוזר בינה מלאכותית של החנות',
  greeting: 'שלום! מה מחפשים?',
  invitation: 'אפשר לשאול על מוצרים, מידות, משלוחים או על העגלה.',
  note: 'התשובות נכתבות על ידי בינה מלאכותית ועלולות להיות שגויות.',

  close: 'סגירה',
  expand: 'מסך מלא',
  menu: 'עוד',
  back: 'חזרה',
  startOver: 'שיחה חדשה',
  past: 'שיחות קודמות',
  forget: 'מחיקת הנתונים שלי',

  log: 'השיחה',
  you: 'ההודעה שלך',
  newMessage: 'הודעה חדשה',
  older: 'ההודעות הקודמות נטענות',

  compose: 'ההודעה שלך',
  placeholder: 'מה לשאול על החנות?',
  send: 'שליחה',
  stop: 'עצירת התשובה',
  left: (n) => (n === 1 ? 'נותר תו אחד' : `נותרו ${n} תווים`),
  tooLong: (n) => (n === 1 ? 'תו אחד יותר מדי' : `${n} תווים יותר מדי`),

  actions: 'פעולות',
  edit: 'עריכה',
  editing: 'השאלה שלך בעריכה.',
  cancel: 'ביטול',
  copy: 'העתקה',
  copied: 'הועתק',
  notCopied: 'הדפדפן לא אפשר להעתיק.',
  good: 'תשובה טובה',
  bad: 'תשובה לא טובה',
  why: 'למה? (לא חובה)',
  tell: 'לספר לנו',
  thanks: 'תודה רבה!',
  notKept: 'השמירה לא הצליחה. אפשר לנסות שוב.',
  again: 'תשובה מחדש',
  earlier: 'הגרסה הקודמת',
  later: 'הגרסה הבאה',
  version: (n, of) => `${n} מתוך ${of}`,

  answering: (title) => `${title}: התשובה נכתבת`,
  typing: 'התשובה נכתבת',
  connecting: 'מתחברים',
  reconnecting: 'מתחברים מחדש',
  waiting: 'אין חיבור. ההודעה תישלח ברגע שהחיבור יחזור.',
  slow: 'החיבור איטי. התשובה מגיעה בחלקים.',
  queued: 'ממתין לשליחה',
  pickedUp: 'ממשיכים',

  products: 'מוצרים',
  from: (price) => `החל מ־${price}`,
  was: 'מחיר קודם',
  now: 'מחיר נוכחי',
  soldOut: 'אזל מהמלאי',
  inStock: 'במלאי',
  options: (n) => (n === 1 ? 'אפשרות אחת' : `${n} אפשרויות`),
  add: 'הוספה לעגלה',
  added: 'נוסף',
  addedThis: (title) => `נוסף לעגלה: ${title}.`,
  notAdded: 'ההוספה לעגלה לא הצליחה. אפשר לנסות שוב.',
  noneLeft: 'המוצר אזל ממש עכשיו, ולכן דבר לא נוסף.',
  onlyLeft: (n) =>
    n === 1 ? 'נשאר רק פריט אחד, והוא כבר בעגלה.' : `נשארו רק ${n} פריטים, והם כבר בעגלה.`,
  unsure: 'לא ברור אם המוצר נוסף. כדאי לבדוק את העגלה.',
  notMoved: (titles) => `כדאי לבדוק שכל מה שנבחר בשיחה הזו נמצא בעגלה: ${titles}.`,
  choose: 'בחירה',
  chooseOne: (option) => `בחירת ${option}`,
  chooseThis: (title) => `בחירת אפשרות: ${title}`,
  notMade: 'לא זמין',
  notChecked: 'לא הצלחנו לבדוק אם זה זמין.',
  productPage: 'לעמוד המוצר',
  notice: 'לתשומת לבך',
  more: 'מידע נוסף',

  changeCart: 'עדכון העגלה',
  takeOut: (n, title) => `הסרת ${n} × ${title}`,
  cartChanged: 'בוצע. העגלה שלך מעודכנת.',
  undo: 'ביטול',
  undone: 'הפעולה בוטלה.',
  notUndone: 'כבר אי אפשר לבטל את הפעולה.',
  notUndoneYet: 'הביטול נכשל. כדאי לנסות שוב.',

  cart: 'העגלה שלך',
  items: (n) => (n === 1 ? 'פריט אחד' : `${n} פריטים`),
  checkout: 'לתשלום',
  cartEmpty: 'העגלה ריקה.',
  discount: 'הנחה',
  fulfillment: 'משלוח',
  tax: 'מס',
  fee: 'עמלה',
  cartGone: 'תוקף העגלה פג, ובמקומה נפתחה עגלה חדשה.',

  unsent: 'לא נשלח.',
  takeBack: 'לא לשלוח',
  stopped: 'עצרת את התשובה.',
  broken: 'התשובה נקטעה.',
  atLimit: 'התשובה הגיעה לאורך המרבי.',
  filtered: 'מסנן תוכן קטע את התשובה.',
  goOn: 'להמשיך',
  retry: 'לנסות שוב',
  resume: 'להמשיך',
  dismiss: 'הסתרה',
  problems: {
    lost: 'החיבור נותק.',
    'too-many-requests': 'נשלחו הרבה הודעות בזמן קצר.',
    busy: 'יש כרגע הרבה פניות.',
    internal: 'משהו השתבש אצלנו.',
    'too-many-turns': 'עדיין נכתבות עבורך תשובות אחרות. כדאי לחכות שאחת מהן תסתיים.',
    'turn-running': 'עדיין נכתבת תשובה בשיחה הזו.',
    'request-timeout': 'ההודעה לא הגיעה בזמן. אפשר לנסות שוב.',
    'not-ready': 'הצ׳אט לא זמין כרגע. אפשר לנסות שוב עוד רגע.',
    'conversation-not-found': 'השיחה הזו כבר לא קיימת. אפשר להתחיל שיחה חדשה.',
    'model-unavailable': 'העוזר לא זמין כרגע.',
    'model-refused': 'העוזר לא הצליח לענות על זה. אפשר לשאול במילים אחרות או להתחיל שיחה חדשה.',
    'answer-refused': 'העוזר לא יכול לענות על זה. אפשר לשאול במילים אחרות.',
    'model-cut': 'התשובה נקטעה. אפשר לשאול שוב.',
    'empty-answer': 'לעוזר לא היה מה לומר על זה. אפשר לשאול במילים אחרות.',
    'answer-too-long': 'התשובה ארכה יותר מדי זמן. אפשר לבקש פחות בכל פעם.',
    'answer-interrupted': 'התשובה הופסקה. אפשר לנסות שוב.',
    other: 'זה לא הצליח. אפשר לנסות שוב.',
  },
  status: {
    queued: (n) => `ממתינים לפניך: ${n}`,
    thinking: 'עדיין חושב',
    search_catalog: 'מחפש במוצרים',
    get_product: 'בודק את המוצר',
    get_cart: 'בודק את העגלה',
    update_cart: 'משנה את העגלה',
    search_shop_policies_and_faqs: 'קורא את מדיניות החנות',
  },
  tryIn: (seconds) => {
    const wait =
      seconds < 90
        ? count(seconds, 'שנייה אחת', 'שתי שניות', 'שניות')
        : count(Math.ceil(seconds / 60), 'דקה אחת', 'שתי דקות', 'דקות');
    return `אפשר לנסות שוב בעוד ${wait}.`;
  },

  suggestions: {
    product: ['זה במלאי?', 'כמה זמן לוקח המשלוח?', 'מה מדיניות ההחזרות?'],
    cart: ['מה יש לי בעגלה?', 'כמה עולה המשלוח?', 'מה מדיניות ההחזרות?'],
    other: ['אשמח לעזרה בבחירת מתנה', 'כמה זמן לוקח המשלוח?', 'מה מדיניות ההחזרות?'],
  },
};

/** @type {typeof import('../pages/strings.js').strings} */
export const pages = {
  past: 'שיחות קודמות',
  search: 'חיפוש בשיחות שלך',
  clear: 'ניקוי החיפוש',
  found: (n, isMore) => (n === 1 ? 'תוצאה אחת' : `${n} תוצאות`) + (isMore ? ', ויש עוד' : ''),
  nothing: (words) => `לא נמצא דבר עבור ”${words}”.`,
  none: 'אין עדיין שיחות קודמות.',
  more: 'להציג עוד',
  failed: 'לא הצלחנו לטעון את השיחות הקודמות.',
  retry: 'לנסות שוב',

  options: (title) => `אפשרויות עבור ”${title}”`,
  rename: 'שינוי שם',
  newTitle: 'שם חדש',
  save: 'שמירה',
  cancel: 'ביטול',
  renamed: 'השם שונה.',
  markdown: 'הורדה בפורמט Markdown',
  json: 'הורדה בפורמט JSON',
  saved: (name) => `הקובץ ירד: ${name}`,
  remove: 'מחיקה',
  removeText: 'למחוק את השיחה הזאת?',
  keep: 'להשאיר',
  removed: 'השיחה נמחקה.',

  share: 'שיתוף קישור',
  shareText: 'כל מי שהקישור בידיו יכול לקרוא את השיחה כפי שהיא עכשיו, בלי העגלה שלך.',
  shared: (date) => `יש כבר קישור, בתוקף עד ${date}. קישור חדש יחליף אותו.`,
  goodFor: 'יצירת קישור בתוקף למשך',
  days: (n) => count(n, 'יום אחד', 'יומיים', 'ימים'),
  link: 'קישור לשיחה הזאת',
  goodUntil: (date) => `בתוקף עד ${date}. הקישור מוצג רק עכשיו.`,
  copy: 'העתקה',
  copied: 'הקישור הועתק.',
  selected: 'הקישור מסומן ומוכן להעתקה.',
  takeBack: 'ביטול הקישור',
  takenBack: 'הקישור כבר לא פעיל.',
  done: 'סיום',

  forgetTitle: 'למחוק הכול?',
  forgetText: 'כל השיחות במכשיר הזה ובשרתים שלנו יימחקו לתמיד. העגלה בחנות תישאר.',
  forgetYes: 'למחוק',
  forgetNo: 'להשאיר',
  forgotten: 'הכול נמחק.',
  forgetFailed: 'שום דבר לא נמחק. אפשר לנסות שוב.',
  forgetPartly: 'הכול נמחק מהשרתים שלנו. בדפדפן נשאר עותק, והוא ינסה שוב למחוק אותו בפתיחה הבאה.',
};
