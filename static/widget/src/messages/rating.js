/** What the shopper thinks of an answer. */

/** @typedef {import('../types').Message} Message */

/**
 * Tell the server, and show it.
 * @param {{ api: import('../conversation/api.js').Api, conversation: { messages: Message[] } }} panel
 * @param {Message} answer
 * @param {import('../types').Rating | ''} rating
 * @param {string} [comment]
 * @returns {Promise<boolean>} whether the server has it
 */
export async function rate({ api, conversation }, answer, rating, comment) {
  const path = `/api/messages/${answer.id}/feedback`;
  const request = rating ? api.json('PUT', path, { rating, comment }) : api.json('DELETE', path);
  const isDone = await request.then(
    () => true,
    () => false,
  );
  const current = conversation.messages.find(({ id }) => id === answer.id); // it may have been loaded anew
  if (isDone && current) current.metadata = { ...current.metadata, rating };
  return isDone;
}
