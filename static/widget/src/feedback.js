/** Rating answers and reading their earlier versions. A script of its own, because few shoppers do either. */
export { default as css } from './feedback/style.css';
export { rate } from './feedback/rating.js';
export { strings } from './feedback/strings.js';
export { showVersions } from './feedback/versions.js';
export { useDom } from './common/panel-dom.js';
