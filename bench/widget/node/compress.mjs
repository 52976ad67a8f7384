/** Says how large files are: a JSON list of paths in, a list of `[raw, gzip -9, brotli 11]` out. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

async function sizes(path) {
  const bytes = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, { params }).length];
}

const paths = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(paths.map(sizes))));
