/**
 * Make what the pages ask of the panel that they lie in.
 * @param {import('../panel.js').Panel} panel
 * @returns {import('../pages.js').Host}
 */
export function hostOf(panel) {
  const { api, cache, composer, conversation, cover, settings, transcript } = panel;
  return {
    api,
    cache,
    locale: settings.locale,
    get current() {
      return conversation.id;
    },
    open: (id) => {
      cover.leave();
      if (id === conversation.id) return;
      composer.cancel();
      conversation.open(id);
      transcript.toEnd();
    },
    deleted: (id) => {
      cache.drop(id);
      if (id !== conversation.id) return;
      composer.cancel();
      conversation.reset();
    },
    panel,
    leave: () => cover.leave(),
    say: (text) => panel.say(text),
    words: (error) => panel.words(error),
  };
}
