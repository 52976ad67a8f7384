/** Everything the widget says by itself, in Modern Standard Arabic, to nobody's gender. */

const rules = new Intl.PluralRules('ar');

/**
 * So many of something: one and two are words of their own, all others a number and the form that it asks for.
 * @param {number} n
 * @param {string} one
 * @param {string} two
 * @param {string} few 3 to 10
 * @param {string} many 11 to 99
 * @param {string} other none, and whole hundreds
 */
function count(n, one, two, few, many, other) {
  const rest = `${n} ${other}`;
  return { zero: rest, one, two, few: `${n} ${few}`, many: `${n} ${many}`, other: rest }[rules.select(n)];
}

/** @type {typeof import('../messages/strings.js').strings} */
export const strings = {
  title: 'مساعد المتجر',
  subtitle: 'مساعد هذا المتجر بالذكاء الاصطناعي',
  greeting: 'أهلًا وسهلًا! كيف يمكننا المساعدة؟',
  invitation: 'يسعدنا الرد على الأسئلة عن المنتجات والمقاسات والتوصيل وسلة التسوق.',
  note: 'الردود يكتبها الذكاء الاصطناعي وقد تكون خاطئة.',

  close: 'إغلاق',
  expand: 'ملء الشاشة',
  menu: 'المزيد',
  back: 'رجوع',
  startOver: 'محادثة جديدة',
  past: 'المحادثات السابقة',
  forget: 'محو بياناتي',

  log: 'المحادثة',
  you: 'أنت',
  newMessage: 'رسالة جديدة',
  older: 'جارٍ تحميل الرسائل السابقة',

  compose: 'رسالتك',
  placeholder: 'ما سؤالك عن المتجر؟',
  send: 'إرسال',
  stop: 'إيقاف الرد',
  left: (n) => `الأحرف المتبقية: ${n}`,
  tooLong: (n) => `الأحرف الزائدة: ${n}`,

  actions: 'إجراءات',
  edit: 'تعديل',
  editing: 'سؤالك قيد التعديل.',
  cancel: 'إلغاء',
  copy: 'نسخ',
  copied: 'تم النسخ',
  notCopied: 'لم يسمح المتصفح بالنسخ.',
  good: 'رد جيد',
  bad: 'رد سيئ',
  why: 'ما السبب؟ (اختياري)',
  tell: 'إرسال رأيي',
  thanks: 'شكرًا لك.',
  notKept: 'تعذّر الحفظ. يُرجى المحاولة مرة أخرى.',
  again: 'إعادة كتابة الرد',
  earlier: 'النسخة السابقة',
  later: 'النسخة التالية',
  version: (n, of) => `${n} من ${of}`,

  answering: (title) => `${title}: جارٍ كتابة الرد`,
  typing: 'جارٍ كتابة الرد',
  connecting: 'جارٍ الاتصال',
  reconnecting: 'جارٍ إعادة الاتصال',
  waiting: 'لا يوجد اتصال. ستُرسَل رسالتك فور عودته.',
  slow: 'الاتصال بطيء. يصل الرد على أجزاء.',
  queued: 'بانتظار الإرسال',
  pickedUp: 'تمت المتابعة',

  products: 'المنتجات',
  from: (price) => `بدءًا من ${price}`,
  was: 'السعر السابق',
  now: 'السعر الآن',
  soldOut: 'نفدت الكمية',
  inStock: 'متوفر',
  options: (n) => count(n, 'خيار واحد', 'خياران', 'خيارات', 'خيارًا', 'خيار'),
  add: 'إضافة إلى السلة',
  added: 'تمت الإضافة',
  addedThis: (title) => `تمت الإضافة إلى سلة التسوق: ${title}.`,
  notAdded: 'تعذّرت الإضافة إلى سلة التسوق. يُرجى المحاولة مرة أخرى.',
  noneLeft: 'نفدت الكمية للتو، ولم تتم إضافة أي شيء.',
  onlyLeft: (n) => `لم يتبقَّ سوى ${count(n, 'قطعة واحدة', 'قطعتين', 'قطع', 'قطعة', 'قطعة')}، وهي في سلة التسوق بالفعل.`,
  unsure: 'تعذّر التأكد من الإضافة. يُرجى التحقق من سلة التسوق.',
  notMoved: (titles) => `يُرجى التأكد من وجود كل منتجات هذه المحادثة في سلة التسوق: ${titles}.`,
  choose: 'اختيار',
  chooseOne: (option) => `اختيار ${option}`,
  chooseThis: (title) => `اختيار النوع: ${title}`,
  notMade: 'غير متاح',
  notChecked: 'تعذّر التحقق من التوفر.',
  productPage: 'صفحة المنتج',
  notice: 'تنبيه',
  more: 'معرفة المزيد',

  changeCart: 'تعديل السلة',
  takeOut: (n, title) => `إزالة ${n} × ${title}`,
  cartChanged: 'تم. سلتك محدّثة.',
  undo: 'تراجع',
  undone: 'تم التراجع.',
  notUndone: 'لم يعد التراجع ممكنًا.',
  notUndoneYet: 'تعذّر التراجع. حاول مرة أخرى.',

  cart: 'سلة التسوق',
  items: (n) => count(n, 'منتج واحد', 'منتجان', 'منتجات', 'منتجًا', 'منتج'),
  checkout: 'إتمام الشراء',
  cartEmpty: 'سلة التسوق فارغة.',
  discount: 'الخصم',
  fulfillment: 'الشحن',
  tax: 'الضريبة',
  fee: 'الرسوم',
  cartGone: 'انتهت صلاحية سلة التسوق، وحلّت محلها سلة جديدة.',

  unsent: 'لم يتم الإرسال.',
  takeBack: 'عدم الإرسال',
  stopped: 'تم إيقاف هذا الرد.',
  broken: 'انقطع الرد.',
  atLimit: 'بلغ الرد الحد الأقصى للطول.',
  filtered: 'أوقف مرشّح المحتوى هذا الرد.',
  goOn: 'متابعة',
  retry: 'إعادة المحاولة',
  resume: 'متابعة',
  dismiss: 'إخفاء',
  problems: {
    lost: 'انقطع الاتصال.',
    'too-many-requests': 'هذه رسائل كثيرة في وقت قصير.',
    busy: 'نتلقى أسئلة كثيرة في الوقت الحالي.',
    internal: 'حدث خطأ من جانبنا.',
    'too-many-turns': 'ما زالت إجابات أخرى قيد الكتابة. يُرجى الانتظار حتى تنتهي إحداها.',
    'turn-running': 'ما زالت إجابة قيد الكتابة في هذه المحادثة.',
    'request-timeout': 'لم تصل الرسالة في الوقت المناسب. يُرجى المحاولة مرة أخرى.',
    'not-ready': 'الدردشة غير متاحة الآن. يُرجى المحاولة بعد قليل.',
    'conversation-not-found': 'لم تعد هذه المحادثة موجودة. يُرجى بدء محادثة جديدة.',
    'model-unavailable': 'يتعذّر الوصول إلى المساعد الآن.',
    'model-refused': 'تعذّرت الإجابة عن هذا السؤال. يُرجى طرحه بكلمات أخرى أو بدء محادثة جديدة.',
    'answer-refused': 'لا يمكن للمساعد الرد على هذا. يُرجى السؤال بكلمات أخرى.',
    'model-cut': 'انقطعت الإجابة. يُرجى طرح السؤال مرة أخرى.',
    'empty-answer': 'لم تكن هناك إجابة عن هذا السؤال. يُرجى طرحه بكلمات أخرى.',
    'answer-too-long': 'استغرقت الإجابة وقتًا طويلًا. يُرجى طلب القليل في المرة الواحدة.',
    'answer-interrupted': 'توقفت الإجابة قبل اكتمالها. يُرجى المحاولة مرة أخرى.',
    other: 'لم ينجح ذلك. يُرجى المحاولة مرة أخرى.',
  },
  status: {
    queued: (n) => `عدد المنتظرين قبلك: ${n}`,
    thinking: 'التفكير مستمر',
    search_catalog: 'جارٍ البحث في المنتجات',
    get_product: 'جارٍ الاطلاع على المنتج',
    get_cart: 'جارٍ الاطلاع على سلة التسوق',
    update_cart: 'جارٍ تعديل سلة التسوق',
    search_shop_policies_and_faqs: 'جارٍ قراءة سياسات المتجر',
  },
  tryIn: (seconds) => {
    const wait =
      seconds < 90
        ? count(seconds, 'ثانية واحدة', 'ثانيتين', 'ثوانٍ', 'ثانية', 'ثانية')
        : count(Math.ceil(seconds / 60), 'دقيقة واحدة', 'دقيقتين', 'دقائق', 'دقيقة', 'دقيقة');
    return `يُرجى إعادة المحاولة بعد ${wait}.`;
  },

  suggestions: {
    product: ['هل هذا المنتج متوفر؟', 'كم يستغرق التوصيل؟', 'ما سياسة الإرجاع؟'],
    cart: ['ماذا يوجد في سلة التسوق؟', 'كم تبلغ تكلفة الشحن؟', 'ما سياسة الإرجاع؟'],
    other: ['أريد المساعدة في اختيار هدية', 'كم يستغرق التوصيل؟', 'ما سياسة الإرجاع؟'],
  },
};

/** @type {typeof import('../pages/strings.js').strings} */
export const pages = {
  past: 'المحادثات السابقة',
  search: 'البحث في محادثاتك',
  clear: 'مسح البحث',
  found: (n, isMore) =>
    count(n, 'نتيجة واحدة', 'نتيجتان', 'نتائج', 'نتيجة', 'نتيجة') + (isMore ? '، وهناك المزيد' : ''),
  nothing: (words) => `لا توجد نتائج عن «${words}».`,
  none: 'لا توجد محادثات سابقة بعد.',
  more: 'عرض المزيد',
  failed: 'تعذّر تحميل المحادثات السابقة.',
  retry: 'إعادة المحاولة',

  options: (title) => `خيارات «${title}»`,
  rename: 'تغيير العنوان',
  newTitle: 'العنوان الجديد',
  save: 'حفظ',
  cancel: 'إلغاء',
  renamed: 'تم تغيير العنوان.',
  markdown: 'تنزيل بصيغة Markdown',
  json: 'تنزيل بصيغة JSON',
  saved: (name) => `تم التنزيل: ${name}`,
  remove: 'حذف',
  removeText: 'حذف هذه المحادثة؟',
  keep: 'إبقاء',
  removed: 'تم الحذف.',

  share: 'مشاركة رابط',
  shareText: 'كل من لديه الرابط يمكنه قراءة هذه المحادثة كما هي الآن، من دون سلة التسوق.',
  shared: (date) => `يوجد رابط صالح حتى ${date}. أي رابط جديد سيحل محله.`,
  goodFor: 'إنشاء رابط صالح لمدة',
  days: (n) => count(n, 'يوم واحد', 'يومين', 'أيام', 'يومًا', 'يوم'),
  link: 'رابط هذه المحادثة',
  goodUntil: (date) => `صالح حتى ${date}. لن يظهر الرابط إلا الآن.`,
  copy: 'نسخ',
  copied: 'تم نسخ الرابط.',
  selected: 'الرابط محدد وجاهز للنسخ.',
  takeBack: 'إلغاء الرابط',
  takenBack: 'لم يعد الرابط يعمل.',
  done: 'تم',

  forgetTitle: 'محو كل شيء؟',
  forgetText: 'ستُحذف نهائيًا جميع المحادثات على هذا الجهاز وعلى خوادمنا. وتبقى سلة التسوق في المتجر كما هي.',
  forgetYes: 'محو',
  forgetNo: 'إبقاء',
  forgotten: 'تم محو كل شيء.',
  forgetFailed: 'لم يُحذف أي شيء. حاول مرة أخرى.',
  forgetPartly: 'حُذف كل شيء من خوادمنا. احتفظ هذا المتصفح بنسخته، وسيحاول حذفها عند فتح الدردشة مجددًا.',
};
