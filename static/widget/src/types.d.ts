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
  amount: number;
  currency: string;
}

export interface Variant {
  id: string;
  title: string;
  price: Money;
  compare_at: Money | null;
  available: boolean;
}

export interface Product {
  id: string;
  title: string;
  url: string;
  image: string;
  price: Money;
  variants: Variant[];
  available: boolean;
}

export interface Cart {
  count: number;
  total: Money;
  checkout_url?: string;
}

export interface CartAnswer {
  status: 'ok' | 'gone' | 'none' | 'unknown';
  cart: Cart | null;
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
