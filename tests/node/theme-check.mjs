// Prints what Shopify's theme check has against the folder that is named, as JSON.
import { themeCheckRun } from '@shopify/theme-check-node';

const { offenses } = await themeCheckRun(process.argv[2], process.argv[3]);
console.log(JSON.stringify(offenses.map(({ check, severity, uri, message, start }) => ({ check, severity, uri, message, line: start.line + 1 }))));
