// A list of Markdown files on stdin, what a viewer that lets HTML, pictures and bare addresses through makes of them on
// stdout.
import { text } from 'node:stream/consumers';
import MarkdownIt from 'markdown-it';

const parser = new MarkdownIt({ html: true, linkify: true });
parser.validateLink = () => true;
console.log(JSON.stringify(JSON.parse(await text(process.stdin)).map((each) => parser.render(each))));
