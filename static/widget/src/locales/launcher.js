import { launcher as en } from '../common/strings.js';

/** What the launcher says in each language. Every page loads them all, so they are few and short. */

/** @type {Record<string, typeof en> & { en: typeof en }} */
export const launchers = {
  en,
  de: { open: 'Chatte mit uns', dismiss: 'Ausblenden', failed: 'Der Chat lädt nicht. Bitte noch einmal versuchen.' },
  fr: { open: 'Discutez avec nous', dismiss: 'Masquer', failed: 'Le chat ne s’ouvre pas. Merci de réessayer.' },
  es: { open: 'Chatea con nosotros', dismiss: 'Ocultar', failed: 'El chat no se ha cargado. Inténtalo de nuevo.' },
  it: { open: 'Chatta con noi', dismiss: 'Nascondi', failed: 'La chat non si è caricata. Riprova.' },
  nl: { open: 'Chat met ons', dismiss: 'Verbergen', failed: 'De chat laadt niet. Probeer het opnieuw.' },
  'pt-BR': { open: 'Converse com a gente', dismiss: 'Ocultar', failed: 'O chat não carregou. Tente novamente.' },
  ja: { open: 'チャットで相談', dismiss: '閉じる', failed: 'チャットを開けません。もう一度お試しください。' },
  ar: { open: 'الدردشة معنا', dismiss: 'إخفاء', failed: 'تعذّر فتح الدردشة. حاول مرة أخرى.' },
  he: { open: 'צ׳אט איתנו', dismiss: 'הסתרה', failed: 'הצ׳אט לא נטען. אפשר לנסות שוב.' },
};
