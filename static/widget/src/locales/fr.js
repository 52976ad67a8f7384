/** Everything the widget says by itself, in French. \u202f is the narrow space before ? ! : ; and within « ». */

/** None and one are singular. @param {number} n */
const s = (n) => (n < 2 ? '' : 's');

/** @type {typeof import('../messages/strings.js').strings} */
export const strings = {
  title: 'Assistant de la boutique',
  subtitle: 'Assistant IA de cette boutique',
  greeting: 'Bonjour\u202f! Que cherchez-vous\u202f?',
  invitation: 'Posez vos questions sur les produits, les tailles, la livraison ou votre panier.',
  note: 'Les réponses sont rédigées par une IA et peuvent être erronées.',

  close: 'Fermer',
  expand: 'Plein écran',
  menu: 'Plus',
  back: 'Retour',
  startOver: 'Nouvelle conversation',
  past: 'Conversations passées',
  forget: 'Effacer mes données',

  log: 'Conversation',
  you: 'Vous',
  newMessage: 'Nouveau message',
  older: 'Chargement des messages précédents',

  compose: 'Votre message',
  placeholder: 'Une question sur la boutique\u202f?',
  send: 'Envoyer',
  stop: 'Arrêter la réponse',
  left: (n) => `${n} caractère${s(n)} restant${s(n)}`,
  tooLong: (n) => `${n} caractère${s(n)} en trop`,

  actions: 'Actions',
  edit: 'Modifier',
  editing: 'Vous reformulez votre question.',
  cancel: 'Annuler',
  copy: 'Copier',
  copied: 'Copié',
  notCopied: 'Le navigateur n’a pas autorisé la copie.',
  good: 'Bonne réponse',
  bad: 'Mauvaise réponse',
  why: 'Pourquoi\u202f? (facultatif)',
  tell: 'Nous le dire',
  thanks: 'Merci\u202f!',
  notKept: 'L’enregistrement a échoué. Merci de réessayer.',
  again: 'Refaire la réponse',
  earlier: 'Version précédente',
  later: 'Version suivante',
  version: (n, of) => `${n} / ${of}`,

  answering: (title) => `${title} vous répond`,
  typing: 'Réponse en cours de rédaction',
  connecting: 'Connexion en cours',
  reconnecting: 'Reconnexion en cours',
  waiting: 'Pas de connexion. Votre message partira dès qu’elle sera rétablie.',
  slow: 'Connexion lente. La réponse arrive par morceaux.',
  queued: 'En attente d’envoi',
  pickedUp: 'La réponse reprend',

  products: 'Produits',
  from: (price) => `dès ${price}`,
  was: 'Avant',
  now: 'Maintenant',
  soldOut: 'Épuisé',
  inStock: 'En stock',
  options: (n) => `${n} choix`,
  add: 'Ajouter au panier',
  added: 'Ajouté',
  addedThis: (title) => `${title} est dans votre panier.`,
  notAdded: 'L’ajout au panier a échoué. Merci de réessayer.',
  noneLeft: 'L’article vient de tomber en rupture de stock\u202f: rien n’a été ajouté.',
  onlyLeft: (n) =>
    n < 2
      ? `Il n’en restait que ${n}, qui est déjà dans votre panier.`
      : `Il n’en restait que ${n}, qui sont déjà dans votre panier.`,
  unsure: 'Impossible de savoir si l’ajout a réussi. Merci de vérifier votre panier.',
  notMoved: (titles) => `Merci de vérifier que votre panier contient tout ce qui vient de ce chat\u202f: ${titles}.`,
  choose: 'Choisir',
  chooseOne: (option) => `Choisir\u202f: ${option}`,
  chooseThis: (title) => `Choisir une option\u202f: ${title}`,
  notMade: 'Indisponible',
  notChecked: 'Impossible de vérifier la disponibilité.',
  productPage: 'Voir le produit',
  notice: 'À noter',
  more: 'En savoir plus',

  cart: 'Votre panier',
  items: (n) => `${n} article${s(n)}`,
  checkout: 'Commander',
  cartEmpty: 'Votre panier est vide.',
  discount: 'Remise',
  fulfillment: 'Livraison',
  tax: 'Taxes',
  fee: 'Frais',
  cartGone: 'Votre panier avait expiré\u202f: en voici un nouveau.',

  unsent: 'Non envoyé.',
  takeBack: 'Ne pas envoyer',
  stopped: 'Vous avez arrêté cette réponse.',
  broken: 'La réponse a été interrompue.',
  atLimit: 'La réponse a atteint sa longueur maximale.',
  filtered: 'Un filtre de contenu a interrompu cette réponse.',
  goOn: 'Continuer',
  retry: 'Réessayer',
  resume: 'Reprendre',
  dismiss: 'Masquer',
  problems: {
    lost: 'La connexion a été perdue.',
    'too-many-requests': 'Cela fait beaucoup de messages en peu de temps.',
    busy: 'Beaucoup de clients posent des questions en ce moment.',
    internal: 'Un problème est survenu de notre côté.',
  },
  tryIn: (seconds) =>
    seconds < 90
      ? `Merci de réessayer dans ${seconds} seconde${s(seconds)}.`
      : `Merci de réessayer dans ${Math.ceil(seconds / 60)} minutes.`,

  suggestions: {
    product: [
      'Cet article est-il en stock\u202f?',
      'Quels sont les délais de livraison\u202f?',
      'Comment faire un retour\u202f?',
    ],
    cart: ['Qu’y a-t-il dans mon panier\u202f?', 'Combien coûte la livraison\u202f?', 'Comment faire un retour\u202f?'],
    other: [
      'Aidez-moi à trouver un cadeau',
      'Quels sont les délais de livraison\u202f?',
      'Comment faire un retour\u202f?',
    ],
  },
};

/** @type {typeof import('../pages/strings.js').strings} */
export const pages = {
  past: 'Conversations passées',
  search: 'Rechercher dans vos conversations',
  clear: 'Effacer la recherche',
  found: (n, isMore) => `${n} résultat${s(n)}${isMore ? ', et d’autres encore' : ''}`,
  nothing: (words) => `Aucun résultat pour «\u202f${words}\u202f».`,
  none: 'Aucune conversation passée pour l’instant.',
  more: 'Voir plus',
  failed: 'Vos conversations passées n’ont pas pu être chargées.',
  retry: 'Réessayer',

  options: (title) => `Options pour «\u202f${title}\u202f»`,
  rename: 'Renommer',
  newTitle: 'Nouveau titre',
  save: 'Enregistrer',
  cancel: 'Annuler',
  renamed: 'Conversation renommée.',
  markdown: 'Télécharger en Markdown',
  json: 'Télécharger en JSON',
  saved: (name) => `Téléchargé\u202f: ${name}`,
  remove: 'Supprimer',
  removeText: 'Supprimer cette conversation\u202f?',
  keep: 'Conserver',
  removed: 'Conversation supprimée.',

  share: 'Partager un lien',
  shareText: 'Toute personne qui a le lien peut lire cette conversation telle qu’elle est maintenant, sans votre panier.',
  shared: (date) => `Un lien existe déjà, valable jusqu’au ${date}. Un nouveau le remplacera.`,
  goodFor: 'Créer un lien valable pendant',
  days: (n) => `${n} jour${s(n)}`,
  link: 'Lien vers cette conversation',
  goodUntil: (date) => `Valable jusqu’au ${date}. Il ne s’affiche que maintenant.`,
  copy: 'Copier',
  copied: 'Lien copié.',
  selected: 'Le lien est sélectionné, prêt à être copié.',
  takeBack: 'Désactiver le lien',
  takenBack: 'Le lien ne fonctionne plus.',
  done: 'Terminé',

  forgetTitle: 'Tout effacer\u202f?',
  forgetText:
    'Toutes les conversations sur cet appareil et sur nos serveurs seront définitivement supprimées. Votre panier dans la boutique est conservé.',
  forgetYes: 'Effacer',
  forgetNo: 'Conserver',
  forgotten: 'Tout a été effacé.',
  forgetFailed: 'Rien n’a été effacé. Merci de réessayer.',
  forgetPartly:
    'Effacé sur nos serveurs. Ce navigateur a gardé sa copie et réessaiera à la prochaine ouverture du chat.',
};
