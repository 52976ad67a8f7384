/**
 * Builds dist/ from src/: the entry under its stable name, the panel under the hash of what is in it, and both
 * compressed. The same sources give the same bytes on every machine.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';

const here = new URL('.', import.meta.url);
const out = new URL(process.argv[2] ? `file://${process.argv[2]}/` : 'dist/', here);

/** Style sheets become minified text, to be adopted as constructed sheets. */
const css = {
  name: 'css',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

/** @param {string} name @param {Record<string, string>} define */
async function bundle(name, define) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`src/${name}.js`, here).pathname],
    absWorkingDir: here.pathname,
    bundle: true,
    minify: true,
    format: 'esm',
    // Private fields as they are. No browser that knows constructed style sheets needs them rewritten.
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    plugins: [css],
    define,
    external: ['./panel-*'],
  });
  return outputFiles[0].contents;
}

/** @param {string} name @param {Uint8Array} bytes */
async function save(name, bytes) {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  const gzip = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, brotli);
  await writeFile(new URL(name, out), bytes);
  await writeFile(new URL(`${name}.gz`, out), gzip);
  await writeFile(new URL(`${name}.br`, out), br);
  console.log(`${name.padEnd(20)} ${bytes.length} bytes, gzip ${gzip.length}, brotli ${br.length}`);
}

await mkdir(out, { recursive: true });
for (const old of await readdir(out)) await rm(new URL(old, out));
const panel = await bundle('panel', {});
const name = `panel-${createHash('sha256').update(panel).digest('hex').slice(0, 10)}.js`;
await save(name, panel);
await save('chat.js', await bundle('chat', { PANEL: JSON.stringify(`./${name}`) }));
