/** What scripts use of the language and of the browser, found by the types that TypeScript's checker sees. */
import { dirname, relative } from 'node:path';
import { API } from 'typescript/unstable/sync';
import * as ast from 'typescript/unstable/ast';
import { entry, known, latest, named, note } from './support.js';

/** @typedef {import('./support.js').Uses} Uses */
/** @typedef {any} Node a node of TypeScript's tree */

const LIBRARY = /\/lib\.[^/]*\.d\.ts$/;
// The names of TypeScript's libraries for what the data files elsewhere.
const OTHERS = { ReadonlyArray: 'Array', CallableFunction: 'Function', IteratorObject: 'Iterator', ConcatArray: 'Array' };

/**
 * Find what the scripts of a project use.
 * @param {string} config the path of its jsconfig.json
 * @returns {Uses}
 */
export function usedByScripts(config) {
  const api = new API({ cwd: dirname(config) });
  try {
    const [project] = api.updateSnapshot({ openProjects: [config] }).getProjects();
    const uses = /** @type {Uses} */ (new Map());
    for (const file of project.program.getSourceFileNames().filter((name) => name.endsWith('.js'))) {
      new Script(project, file, (path) => note(uses, path, relative(dirname(config), file))).read();
    }
    return uses;
  } finally {
    api.close();
  }
}

class Script {
  /** @param {any} project @param {string} file @param {(path: string | undefined) => void} use */
  constructor({ program, checker }, file, use) {
    this.tree = program.getSourceFile(file);
    this.checker = checker;
    this.use = use;
  }

  read() {
    /** @type {Node[]} */
    const names = [];
    const walk = (/** @type {Node} */ node) => {
      if (ast.isTypeNode(node) || /^JSDoc/.test(ast.SyntaxKind[node.kind])) return;
      if (ast.isIdentifier(node)) names.push(node);
      else if (ast.isStringLiteralLikeNode(node)) this.#string(node);
      else if (ast.isRegularExpressionLiteral(node)) this.#pattern(node.text);
      else if (ast.isCallExpression(node) || ast.isNewExpression(node)) this.#call(node);
      node.forEachChild(walk);
    };
    walk(this.tree);
    const symbols = this.checker.getSymbolAtLocation(names);
    names.forEach((name, index) => this.#name(name, symbols[index]));
  }

  /** @param {Node} node @param {any} symbol */
  #name(node, symbol) {
    const { parent } = node;
    if (ast.isBindingElement(parent) && ast.isObjectBindingPattern(parent.parent)) {
      const type = node === (parent.propertyName ?? parent.name) && this.checker.getTypeAtLocation(parent.parent);
      if (type) this.#member(node.text, type, this.checker.getPropertyOfType(type, node.text));
      return;
    }
    if (!symbol && ast.isPropertyAccessExpression(parent)) this.#member(node.text, this.checker.getTypeAtLocation(parent.expression));
    else if (!symbol) this.use(latest(members(node.text)));
    else if (symbol.declarations.some((/** @type {Node} */ { path }) => LIBRARY.test(path))) this.use(this.#feature(node, symbol));
    if (node.text.startsWith('on')) this.#event(node.text.slice(2));
  }

  /**
   * Note a member of a type. Of a member that the type lacks, as every member of `any`, only the name is known; a type
   * with an index signature has fields of its own.
   * @param {string} text
   * @param {any} type
   * @param {any} [symbol]
   */
  #member(text, type, symbol) {
    if (symbol) this.#name({ text, parent: {} }, symbol);
    else if (type && !this.checker.getIndexInfosOfType(type).length) this.use(latest(members(text)));
  }

  /** Return the path of what a library declares. @param {Node} node @param {any} symbol @returns {string | undefined} */
  #feature({ text, parent }, symbol) {
    const owner = symbol.getParent()?.name;
    if (!owner) {
      const made = ast.isNewExpression(parent ?? {}) && known(`javascript.builtins.${text}.${text}`, `api.${text}.${text}`);
      return made || known(`javascript.builtins.${text}`, `api.${text}`, `api.Window.${text}`, `javascript.functions.${text}`);
    }
    // Static members belong to an unnamed type: the expression names it.
    const holder = owner === '__type' ? parent?.expression?.text : owner.replace(/Constructor$/, '');
    const name = Reflect.get(OTHERS, holder) ?? holder;
    if (/^CSSStyle/.test(name)) return known(`css.properties.${text.replace(/[A-Z]/g, '-$&').toLowerCase()}`);
    return pathOf(name, text) ?? latest(members(text));
  }

  /** Note the parameters that a call gives. @param {Node} node */
  #call(node) {
    const { expression, arguments: given = [] } = node;
    const callee = expression.name ?? expression;
    const symbol = ast.isIdentifier(callee) && this.checker.getSymbolAtLocation(callee);
    if (ast.isIdentifier(callee) && callee.text === 'h') this.#element(given);
    if (!symbol || !symbol.declarations.some((/** @type {Node} */ { path }) => LIBRARY.test(path))) return;
    const path = this.#feature({ text: callee.text, parent: callee === expression ? node : expression }, symbol);
    const below = Object.keys((path && entry(path)) ?? {}).filter((name) => name !== '__compat');
    const names = this.#parameters(node).slice(0, given.length);
    const options = given.filter(ast.isObjectLiteralExpression).flatMap(keysOf);
    for (const name of below) {
      const isGiven = names.some((each) => name === each || name === `${each}_parameter`);
      const isOption = options.some((each) => new RegExp(`_${each}(_parameter)?$`).test(name));
      if (isGiven || isOption) this.use(known(`${path}.${name}`));
    }
  }

  /** @param {Node} node @returns {string[]} the names of the parameters of the function that is called */
  #parameters(node) {
    const signature = this.checker.getResolvedSignature(node);
    return (signature?.getParameters() ?? []).map((/** @type {any} */ { name }) => name);
  }

  /** Note the element that `h` makes, with its attributes. @param {Node[]} given */
  #element([tag, properties]) {
    if (!tag || !ast.isStringLiteral(tag)) return;
    this.use(known(`html.elements.${tag.text}`));
    if (!properties || !ast.isObjectLiteralExpression(properties)) return;
    for (const name of keysOf(properties)) {
      const own = known(`html.elements.${tag.text}.${name.toLowerCase()}`, `html.global_attributes.${name.toLowerCase()}`);
      this.use(own ?? latest(named('api', name)));
    }
  }

  /** A text may name an event, an attribute or a property that is set by its name. @param {Node} node */
  #string({ text, parent }) {
    if (!/^[a-z-]+$/i.test(text)) return;
    if (ast.isElementAccessExpression(parent)) this.use(latest(members(text)));
    const isListening = ast.isCallExpression(parent) && (parent.expression.name ?? parent.expression).text === 'addEventListener';
    if (isListening || ast.isArrayLiteralExpression(parent)) this.#event(text);
    const isAttribute = ast.isCallExpression(parent) && /Attribute$/.test(parent.expression.name?.text ?? '');
    if (isAttribute) this.use(latest([...named('html.elements', text), ...named('html.global_attributes', text)]));
  }

  /** @param {string} name */
  #event(name) {
    this.use(latest(named('api', `${name.toLowerCase()}_event`)));
  }

  /** @param {string} text of a regular expression, with its flags */
  #pattern(text) {
    if (/\/\w*v\w*$/.test(text)) this.use('javascript.builtins.RegExp.unicodeSets');
    if (/\(\?<[=!]/.test(text)) this.use('javascript.regular_expressions.lookbehind_assertion');
    if (/\(\?[ims]*-?[ims]*:/.test(text) && !/\(\?:/.test(text)) this.use('javascript.regular_expressions.modifier');
  }
}

/** @param {string} owner @param {string} name @returns {string | undefined} */
function pathOf(owner, name) {
  const owners = [`javascript.builtins.${owner}`, `api.${owner}`, `javascript.builtins.Intl.${owner}`];
  return known(...owners.flatMap((each) => [`${each}.${name}`, `${each}.${name}_static`, `${each}.@@${name}`]));
}

/** Return the paths of all members of that name, of whatever object. @param {string} name */
function members(name) {
  const all = [name, `${name}_static`].flatMap((each) => [...named('api', each), ...named('javascript.builtins', each)]);
  return all.filter((path) => !/_(parameter|event)\b|\.Intl\.\w+\.\w+\./.test(path));
}

/** @param {Node} literal @returns {string[]} the names of an object literal's properties */
function keysOf(literal) {
  return literal.properties.map((/** @type {Node} */ { name }) => name?.text).filter(Boolean);
}
