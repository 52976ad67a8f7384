/** What the parts of the widget hand each other. Messages and events are the AI SDK's (UI message stream v1). */

export interface Settings {
  shop: string;
  api: string;
  locale: string;
  title: string;
  greeting: string;
  /** Addresses; empty without one. */
  avatar: string;
  consentLink: string;
  consent: string;
  /** The merchant's own for this page. */
  questions: string[];
  root: string;
  page: Page;
}

export interface Page {
  url: string;
  title: string;
  type?: string;
  product_id?: string;
  variant_id?: string;
  collection?: string;
  locale?: string;
  currency?: string;
  country?: string;
}

export interface Problem {
  code: string;
  title: string;
  detail: string;
  status: number;
  retry_after?: number;
  /** Of `cart-busy`: another page changes the cart, and only adds to it. */
  moving?: true;
}

export interface Part {
  type: string;
  text?: string;
  state?: string;
  toolCallId?: string;
  input?: unknown;
  output?: unknown;
  errorText?: string;
  data?: any;
}

export interface Message {
  id: string;
  role: 'user' | 'assistant';
  parts: Part[];
  metadata?: Metadata;
}

/** What is known of a message. The last two are this page's own. */
export interface Metadata {
  created_at?: string;
  status?: Status;
  error?: Problem;
  /** What ended an answer before it was whole. */
  cut?: 'length' | 'filter';
  /** Of an answer: the how manyth to its question, and so how many there are. */
  version?: number;
  rating?: Rating | '';
  /** Which version is looked at, where it is not the newest. */
  shown?: number;
  /** Of a question that has not been sent yet: it takes the place of another wording. */
  reworded?: boolean;
}

export type Rating = 'up' | 'down';

/** The server's words for how an answer stands; `waiting` for a message on its way to it, `unsent` for one it refused. */
export type Status = 'running' | 'complete' | 'stopped' | 'failed' | 'interrupted' | 'waiting' | 'unsent';

/** What the server does before the answer goes on, and how many questions of others come before. */
export interface Doing {
  text?: string;
  code?: string;
  ahead?: number;
}

export interface Chunk {
  type: string;
  messageId?: string;
  messageMetadata?: Metadata;
  id?: string;
  delta?: string;
  data?: any;
  transient?: boolean;
  toolCallId?: string;
  toolName?: string;
  input?: unknown;
  output?: unknown;
  errorText?: string;
}

export interface MessagePage {
  messages: Message[];
  next: string | null;
  stream?: { turn_id: string; last_event_id: string; ticket: string };
}

/** How far an answer has been read: the last event of it that was applied. */
export interface Cursor {
  message: string;
  attempt: number;
  seq: number;
}

export interface Money {
  /** In minor units of the currency. */
  amount: number;
  currency: string;
  /** How many digits of the amount are decimals (ISO 4217). None in messages stored by an earlier version. */
  exponent?: number;
}

export interface Variant {
  id: string;
  title: string;
  price: Money;
  compare_at: Money | null;
  available: boolean;
  /** The option's name → the value's label. */
  options?: Record<string, string>;
  notices?: Notice[];
}

/** What the shop says beside its goods. A disclosure must stand next to them, with its image, and not be hidden. */
export interface Notice {
  type: 'warning' | 'info';
  code: string;
  text: string;
  presentation: 'notice' | 'disclosure';
  /** Addresses; empty without one. */
  image: string;
  url: string;
}

/** The marks are relative to the product's selection. */
export interface Option {
  name: string;
  values: { label: string; available: boolean; exists: boolean }[];
}

export interface SelectedOption {
  name: string;
  label: string;
}

export interface Product {
  id: string;
  title: string;
  url: string;
  image: string;
  price: Money;
  variants: Variant[];
  available: boolean;
  /** From here on: missing in answers that were kept before these fields came. The top of the price range: */
  price_max?: Money | null;
  options?: Option[];
  /** The selection that the variants belong to. */
  selected?: SelectedOption[];
  /** Whether the shop has variants that are not listed. */
  has_more_variants?: boolean;
  notices?: Notice[];
}

export interface Line {
  id: string;
  variant_id: string;
  title: string;
  quantity: number;
  price: Money;
  total: Money;
  /** The amount of goods sold by measure, as "1.5 lb". */
  quantity_text?: string;
  attributes?: { name: string; value: string }[];
  selling_plan?: string;
  parent_id?: string;
  notices?: Notice[];
}

/** An entry of the shop's own account of the price; `text` is its label, which may be empty. */
export interface Total {
  type: string;
  text: string;
  amount: Money;
}

export interface Cart {
  lines?: Line[];
  notices?: Notice[];
  count: number;
  total: Money;
  /** None in messages stored by an earlier version. */
  totals?: Total[];
  checkout_url?: string;
}

export interface CartAnswer {
  status: 'ok' | 'gone' | 'none' | 'unknown';
  cart: Cart | null;
  /** From here on: not in a conversation. The assistant began the cart, and it is not the theme's. */
  own?: true;
  /** In a conversation: what the assistant has changed, where that can be undone. */
  change?: { id: string };
  /** What this page is to put into the theme's cart. */
  move?: { id: string; lines: MovedLine[] };
  /** The titles of lines that cannot come along. */
  left_behind?: string[];
}

/** A change of the cart that the shopper has not asked for. */
export interface Proposal {
  id: string;
  lines: {
    variant_id: string;
    line_id?: string;
    title: string;
    variant: string;
    quantity: number;
    /** How many more; below 0, how many fewer. */
    by: number;
    price: Money | null;
  }[];
}

export interface MovedLine {
  variant_id: string;
  title: string;
  quantity: number;
  attributes: { name: string; value: string }[];
}

export interface Summary {
  id: string;
  title: string;
  updated_at: string;
}

declare global {
  interface HTMLElementTagNameMap {
    'shop-chat': import('./chat.js').ShopChat;
  }
}
