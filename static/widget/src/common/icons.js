/** Outlines on a grid of 24, drawn with a stroke by the style sheets. */
export const CHAT =
  'M12 4c-5 0-9 3.2-9 7.3 0 2.3 1.3 4.3 3.3 5.6-.1 1-.5 2-1.3 2.9 1.6-.1 3.2-.6 4.5-1.5.8.2 1.6.3 2.5.3 5 0 9-3.2 9-7.3S17 4 12 4Z';
export const DOWN = 'm6 9.5 6 6 6-6';
export const CLOSE = 'M6.5 6.5l11 11m0-11-11 11';
export const MORE = 'M5 12a1 1 0 1 0 2 0 1 1 0 0 0-2 0m6 0a1 1 0 1 0 2 0 1 1 0 0 0-2 0m6 0a1 1 0 1 0 2 0 1 1 0 0 0-2 0';
export const SEND = 'M12 19V5.5m-6 6 6-6 6 6';
export const STOP = 'M8 8h8v8H8z';
export const BACK = 'M19 12H5.5m6-6-6 6 6 6';
export const PLUS = 'M12 5.5v13M5.5 12h13';
export const CLOCK = 'M12 7.5V12l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z';
export const TRASH = 'M4.5 7h15M9.5 7V4.5h5V7m-7.7 0 .8 12.5h8.8L17.2 7';
export const BAG = 'M5.5 8.5h13l1 11h-15l1-11Zm3 2.5V8a3.5 3.5 0 0 1 7 0v3';
export const AGAIN = 'M19 5v4.5h-4.5M19 9.5A7.5 7.5 0 1 0 19.5 13';
export const SPARK = 'M12 3.5l1.9 6.6 6.6 1.9-6.6 1.9L12 20.5l-1.9-6.6L3.5 12l6.6-1.9L12 3.5Z';
export const CHEVRON = 'm9.5 6 6 6-6 6';
export const COPY = 'M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9';
export const DONE = 'm5 12.5 4.5 4.5L19 7.5';
export const PEN = 'M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5l-4.5 1ZM14 6.5 17.5 10';
export const THUMB = 'M7.5 11v8.5h-3V11h3Zm0 0 4-7.5c1.5 0 2.5 1 2.5 2.5l-.5 3.5h5c1 0 1.8.9 1.6 1.9l-1.2 6.5c-.1.9-.9 1.6-1.8 1.6H7.5';
export const SEARCH = 'm15.5 15.5 4.5 4.5M17.5 11a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z';
export const LINK =
  'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1.2 1.2M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2';
export const SAVE = 'M12 4.5v10m-4.5-4.5 4.5 4.5 4.5-4.5M5 19.5h14';
export const INFO = 'M12 11v5m0-8.2v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z';
