/**
 * How one event changes a message: the AI SDK's own rules (`processUIMessageStream`), for the events our server sends.
 * What it does not know it passes over.
 */

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').Chunk} Chunk */
/** @typedef {import('../types').Part} Part */

/** @type {Record<string, (parts: Part[], chunk: Chunk) => void>} */
const changes = {
  'start-step': (parts) => parts.push({ type: 'step-start' }),
  'reset-step': (parts) => parts.splice(parts.findLastIndex((part) => part.type === 'step-start') + 1),
  'text-start': (parts) => parts.push({ type: 'text', text: '', state: 'streaming' }),
  'text-delta': (parts, chunk) => {
    openText(parts).text += chunk.delta ?? '';
  },
  'text-end': (parts) => {
    openText(parts).state = 'done';
  },
  'tool-input-start': (parts, chunk) => tool(parts, chunk, { state: 'input-streaming' }),
  'tool-input-available': (parts, chunk) => tool(parts, chunk, { state: 'input-available', input: chunk.input }),
  'tool-output-available': (parts, chunk) => tool(parts, chunk, { state: 'output-available', output: chunk.output }),
  'tool-output-error': (parts, chunk) => tool(parts, chunk, { state: 'output-error', errorText: chunk.errorText }),
};

/** The events after which an answer has nothing more to say, and how it stands then. */
export const ENDS = /** @type {Record<string, import('../types').Status>} */ ({
  finish: 'complete',
  abort: 'stopped',
  error: 'failed',
});

/** @param {Message} message @param {Chunk} chunk */
export function apply(message, chunk) {
  const metadata = Object.assign((message.metadata ??= {}), chunk.messageMetadata);
  if (chunk.type === 'start') {
    message.parts = [];
    metadata.status = 'running';
  } else if (chunk.type in ENDS) {
    metadata.status = ENDS[chunk.type];
    if (chunk.type === 'error') metadata.error = problem(chunk.errorText ?? '');
  } else if (chunk.type.startsWith('data-')) {
    if (!chunk.transient) data(message.parts, chunk);
  } else if (Object.hasOwn(changes, chunk.type)) {
    changes[chunk.type]?.(message.parts, chunk);
  }
}

/** The text that is being written. A message from the history does not name its parts, so the last open one it is. */
/** @param {Part[]} parts */
function openText(parts) {
  let part = parts.findLast((candidate) => candidate.type === 'text' && candidate.state === 'streaming');
  if (!part) parts.push((part = { type: 'text', text: '', state: 'streaming' }));
  return part;
}

/** @param {Part[]} parts @param {Chunk} chunk @param {Partial<Part>} change */
function tool(parts, chunk, change) {
  let part = parts.find((candidate) => candidate.toolCallId === chunk.toolCallId);
  if (!part) parts.push((part = { type: `tool-${chunk.toolName}`, toolCallId: chunk.toolCallId }));
  Object.assign(part, change);
}

/** @param {Part[]} parts @param {Chunk} chunk */
function data(parts, { type, id, data: value }) {
  const same = id && parts.find((part) => part.type === type && /** @type {any} */ (part).id === id);
  if (same) same.data = value;
  else parts.push(/** @type {Part} */ ({ type, ...(id && { id }), data: value }));
}

/** @param {string} text a problem object as JSON @returns {import('../types').Problem} */
function problem(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { code: 'internal', title: text, detail: text, status: 500 };
  }
}

/** Whether the server has not taken a message yet. @param {Message} message */
export function isUnsent({ metadata }) {
  return metadata?.status === 'waiting' || metadata?.status === 'unsent';
}

/** Whether a part holds what the shop said, and not words. @param {Part} part */
export function isResult({ type }) {
  return /^data-(products|cart)/.test(type);
}

/** A message without what only the server needs: tool results are long, storage is short. @param {Message} message */
export function light(message) {
  return { ...message, parts: message.parts.filter(({ type }) => !type.startsWith('tool-')) };
}

/** The words of a message, as one would read them out. @param {Message} message */
export function textOf(message) {
  return message.parts
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('\n\n');
}

/** A message as the server takes it. @param {Message} message */
export function submission({ id, role, parts, metadata }) {
  return { trigger: 'submit-message', message: { id, role, parts }, messageId: metadata?.reworded ? id : undefined };
}
