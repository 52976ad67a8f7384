/** What is said, on the screen: a script of its own, which comes as soon as the panel is opened. */
export { Answer, Question } from './messages/view.js';
export { default as css } from './messages/style.css';
export { rate } from './messages/rating.js';
export { strings } from './messages/strings.js';
export { Versions } from './messages/versions.js';
