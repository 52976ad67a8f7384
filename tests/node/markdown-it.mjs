// A list of Markdown texts on stdin, what markdown-it makes of them on stdout. Addresses are links where they stand bare,
// as in the widget, and pictures are their descriptions.
import { text } from 'node:stream/consumers';
import MarkdownIt from 'markdown-it';

const parser = new MarkdownIt({ html: false, breaks: true, linkify: true });
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
parser.renderer.rules.image = (tokens, at) => parser.utils.escapeHtml(tokens[at].content);
console.log(JSON.stringify(JSON.parse(await text(process.stdin)).map((each) => parser.render(each))));
