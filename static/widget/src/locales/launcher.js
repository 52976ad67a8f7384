import { launcher as en } from '../strings.js';

/** What the launcher says in each language. Every page loads them all, so they are few and short. */

/** @type {Record<string, typeof en> & { en: typeof en }} */
export const launchers = {
  en,
  de: { open: 'Chatte mit uns', close: 'Chat schließen', failed: 'Der Chat lädt nicht. Bitte versuch es noch einmal.' },
  fr: { open: 'Discutez avec nous', close: 'Fermer le chat', failed: 'Le chat n’a pas pu s’ouvrir. Merci de réessayer.' },
  es: { open: 'Chatea con nosotros', close: 'Cerrar el chat', failed: 'El chat no se pudo cargar. Inténtalo de nuevo.' },
  it: { open: 'Chatta con noi', close: 'Chiudi la chat', failed: 'La chat non si è caricata. Riprova.' },
  nl: { open: 'Chat met ons', close: 'Chat sluiten', failed: 'De chat kon niet laden. Probeer het opnieuw.' },
  'pt-BR': { open: 'Converse com a gente', close: 'Fechar o chat', failed: 'O chat não carregou. Tente novamente.' },
  ja: { open: 'チャットで相談', close: 'チャットを閉じる', failed: 'チャットを開けません。もう一度お試しください。' },
  ar: { open: 'الدردشة معنا', close: 'إغلاق الدردشة', failed: 'تعذّر فتح الدردشة. يُرجى المحاولة مرة أخرى.' },
  he: { open: 'צ׳אט איתנו', close: 'סגירת הצ׳אט', failed: 'הצ׳אט לא נטען. אפשר לנסות שוב.' },
};
