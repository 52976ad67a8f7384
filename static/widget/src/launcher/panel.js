import { Later } from '../common/later.js';

/** The panel, which comes when the shopper reaches for it. */
export const panel = new Later(PANEL);
