import { EventDecoder } from './sse.js';
/**
 * The events of a streamed answer, until its body ends.
 * @param {Response} response
 * @param {() => void} alive called whenever bytes arrive
 * @returns {AsyncGenerator<import('./sse.js').ServerEvent>}
 */
export async function* events(response, alive) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const decoder = new EventDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      yield* decoder.push(value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
