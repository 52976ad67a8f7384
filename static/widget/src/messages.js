/** What is said, on the screen: a script of its own, which comes as soon as the panel is opened. */
export { Addresses } from './messages/links.js';
export { Answer, Question } from './messages/view.js';
export { default as css } from './messages/style.css';
export { strings } from './messages/strings.js';
export { useDom } from './common/panel-dom.js';
