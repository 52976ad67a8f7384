/** The build hands a style sheet over as minified text; it is adopted as a constructed sheet, which a strict CSP allows. */
declare module '*.css' {
  const text: string;
  export default text;
}

/** Written by the build: where the scripts lie that come later, and the words of each language, relative to who loads them. */
declare const PANEL: string;
declare const EDITOR: string;
declare const CACHE: string;
declare const PAGES: string;
declare const MESSAGES: string;
declare const SHOPPING: string;
declare const CARTS: string;
declare const RECOVERY: string;
declare const FEEDBACK: string;
declare const LOCALES: Record<string, string>;
