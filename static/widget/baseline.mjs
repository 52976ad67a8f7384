/**
 * The oldest browsers in which everything works. An older one has no launcher where it lacks constructed style sheets.
 * The names are those of MDN's browser compatibility data.
 */
export const BASELINE = { chrome: '109', firefox: '115', safari: '16.4', safari_ios: '16.4' };
