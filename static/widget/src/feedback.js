/** What shoppers do with an answer now and then, a script of its own: say what it was worth, look at earlier versions. */
export { default as css } from './feedback/style.css';
export { rate } from './feedback/rating.js';
export { strings } from './feedback/strings.js';
export { showVersions } from './feedback/versions.js';
