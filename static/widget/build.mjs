/**
 * Builds dist/ from src/: the entry under its stable name, what it loads later under the hash of what is in it, and all
 * compressed. The same sources give the same bytes on every machine.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { parse } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { gzipAsync } from '@gfx/zopfli';
import { build, transform } from 'esbuild';
import { BASELINE } from './baseline.mjs';

const here = new URL('.', import.meta.url);
const out = new URL(process.argv[2] ? `file://${process.argv[2]}/` : 'dist/', here);

// In esbuild's names. It rewrites syntax only: that nothing else is newer is held by test/baseline.test.js.
const TARGET = Object.entries(BASELINE).map(([browser, version]) => browser.replace('safari_ios', 'ios') + version);

const LATER = ['pages', 'messages', 'shopping', 'feedback'];

/** Style sheets become minified text, to be adopted as constructed sheets. */
const css = {
  name: 'css',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: TARGET });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

/** Scripts that the panel loads use its functions for elements, and bring none of their own. */
const dom = {
  name: 'dom',
  setup({ onResolve, initialOptions: { entryPoints } }) {
    const isLater = LATER.some((name) => entryPoints[0].endsWith(`src/${name}.js`));
    if (isLater) onResolve({ filter: /\/common\/dom\.js$/ }, () => ({ path: new URL('src/common/panel-dom.js', here).pathname }));
  },
};

/**
 * @param {string} name
 * @param {Record<string, string | Record<string, string>>} [later] the files that it loads by itself
 */
async function bundle(name, later = {}) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`src/${name}.js`, here).pathname],
    absWorkingDir: here.pathname,
    bundle: true,
    minify: true,
    format: 'esm',
    target: TARGET,
    // They are there; esbuild means the newest properties, which we do not name.
    supported: { 'regexp-unicode-property-escapes': true },
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    plugins: [css, dom],
    define: Object.fromEntries(Object.entries(later).map(([word, files]) => [word, JSON.stringify(files)])),
    external: Object.values(later).flatMap((files) => (typeof files === 'string' ? files : Object.values(files))),
  });
  return outputFiles[0].contents;
}

/** @param {string} name @param {Uint8Array} bytes */
async function save(name, bytes) {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  const gzip = await gzipAsync(bytes, { numiterations: 60 }); // smaller than zlib can, for every browser the same
  const br = brotliCompressSync(bytes, brotli);
  await writeFile(new URL(name, out), bytes);
  await writeFile(new URL(`${name}.gz`, out), gzip);
  await writeFile(new URL(`${name}.br`, out), br);
  console.log(`${name.padEnd(20)} ${bytes.length} bytes, gzip ${gzip.length}, brotli ${br.length}`);
}

/** @type {Map<string, Uint8Array>} */
const files = new Map();

/** @param {string} name @param {Uint8Array} bytes @returns {string} where it lies beside the others */
function keep(name, bytes) {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10);
  files.set(`${name}-${hash}.js`, bytes);
  return `./${name}-${hash}.js`;
}

/** @type {Record<string, string>} */
const LOCALES = {};
for (const { name: tag } of (await readdir(new URL('src/locales/', here))).sort().map(parse)) {
  if (tag !== 'launcher') LOCALES[tag] = keep(tag, await bundle(`locales/${tag}`));
}
const PAGES = keep('pages', await bundle('pages'));
const MESSAGES = keep('messages', await bundle('messages'));
const SHOPPING = keep('shopping', await bundle('shopping'));
const CARTS = keep('carts', await bundle('carts'));
const FEEDBACK = keep('feedback', await bundle('feedback'));
const CACHE = keep('cache', await bundle('cache'));
const RECOVERY = keep('recovery', await bundle('recovery'));
const PANEL = keep('panel', await bundle('panel', { LOCALES, PAGES, MESSAGES, SHOPPING, CARTS, FEEDBACK, CACHE, RECOVERY }));
const EDITOR = keep('editor', await bundle('editor'));
files.set('chat.js', await bundle('chat', { PANEL, EDITOR }));

await mkdir(out, { recursive: true });
for (const old of await readdir(out)) await rm(new URL(old, out));
for (const [name, bytes] of files) await save(name, bytes);
