/** What is said, on the screen: a script of its own, which comes as soon as the panel is opened. */
export { Answer, Question } from './message-view.js';
export { default as css } from './messages.css';
export { strings } from './messages-strings.js';
export { Versions } from './versions.js';
