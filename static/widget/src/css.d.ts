/** The build hands a style sheet over as minified text; it is adopted as a constructed sheet, which a strict CSP allows. */
declare module '*.css' {
  const text: string;
  export default text;
}

/** Written by the build: where the panel lies, relative to the entry, and the pages, relative to the panel. */
declare const PANEL: string;
/** Where the words of each language lie, relative to the panel. */
declare const TOOLS: string;
declare const LOCALES: Record<string, string>;
declare const PAGES: string;
