import { h } from '../common/dom.js';

// Safari reads the bytes some time after the click.
const KEEP_MS = 60_000;

/**
 * Hand what the server has sent over to the browser's downloads, under the server's name for it.
 * @param {Response} response
 * @returns {Promise<string>} the name
 */
export async function download(response) {
  const [, name = 'conversation'] = /filename="(.+)"/.exec(response.headers.get('Content-Disposition') ?? '') ?? [];
  const url = URL.createObjectURL(await response.blob());
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
  return name;
}
