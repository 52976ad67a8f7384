// Chats of the AI SDK without a page around them. Each line of standard input is an order, each line of output its answer.
import { createInterface } from 'node:readline';
import { AbstractChat, DefaultChatTransport, convertToModelMessages, readUIMessageStream, safeValidateUIMessages } from 'ai';

class Chat extends AbstractChat {
  constructor({ id, messages = [], ...wire }) {
    const seen = { data: [], calls: [], ends: [] };
    const state = {
      status: 'ready',
      error: undefined,
      messages,
      pushMessage(message) { this.messages = [...this.messages, message]; },
      popMessage() { this.messages = this.messages.slice(0, -1); },
      replaceMessage(at, message) { this.messages = this.messages.with(at, this.snapshot(message)); },
      snapshot: (thing) => structuredClone(thing),
    };
    super({
      id,
      transport: transport(wire),
      state: new Proxy(state, { set: (target, name, value) => { target[name] = value; this.changed(); return true; } }),
      onData: ({ type, data }) => seen.data.push({ type, data }),
      onToolCall: ({ toolCall }) => { seen.calls.push(toolCall); },
      onFinish: ({ isAbort, isDisconnect, isError, finishReason }) => seen.ends.push({ isAbort, isDisconnect, isError, finishReason }),
    });
    this.seen = seen;
    this.busy = null;
    this.changed = () => {};
  }

  begin(request) {
    const busy = request.finally(() => {
      if (this.busy === busy) this.busy = null;
      this.changed();
    });
    this.busy = busy;
  }

  get look() {
    return { status: this.status, error: this.error?.message ?? '', messages: this.messages, ...this.seen };
  }

  async until(condition) {
    while (this.busy && !condition(this.look)) await new Promise((resolve) => { this.changed = resolve; });
    return this.look;
  }
}

function transport({ api, token, short, browser }) {
  return new DefaultChatTransport({
    api,
    headers: () => ({ Authorization: `Bearer ${token}` }),
    fetch: browser ? fetchAsChromium : undefined,
    // As the SDK's documentation has it under "Sending only the last message".
    prepareSendMessagesRequest: short
      ? ({ id, messages, trigger, messageId }) => ({ body: { id, message: messages.at(-1), trigger, messageId } })
      : undefined,
  });
}

// A connection that breaks says "network error" in Chromium and "terminated" in Node. The SDK goes by the words.
async function fetchAsChromium(...request) {
  const response = await fetch(...request);
  if (!response.body) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch {
        controller.error(new TypeError('network error'));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, response);
}

const wordsOf = (message) => message.parts.map((part) => part.text ?? '').join('');
const chats = new Map();

function attached(chat, request) {
  chat.begin(request);
  return chat.until(({ status }) => status === 'submitted' || status === 'streaming');
}

const orders = {
  open: ({ name, ...init }) => void chats.set(name, new Chat(init)),
  send: ({ chat, text }) => chat.begin(chat.sendMessage({ text })),
  edit: ({ chat, messageId, text }) => chat.begin(chat.sendMessage({ messageId, text })),
  regenerate: ({ chat, messageId }) => chat.begin(chat.regenerate(messageId ? { messageId } : {})),
  resume: ({ chat }) => attached(chat, chat.resumeStream()),
  // What `useChat` of @ai-sdk/react does when its page becomes visible again.
  wake: ({ chat }) => attached(chat, chat['~resumeStreamIfDisconnected']()),
  leave: ({ chat }) => chat.stop(),
  until: ({ chat, text }) => chat.until(({ messages }) => messages.length > 0 && wordsOf(messages.at(-1)).includes(text)),
  untilTool: ({ chat, state }) => chat.until(({ messages }) => messages.at(-1)?.parts.some((part) => part.toolCallId && part.state === state)),
  settle: ({ chat }) => chat.until(() => false),
  async read({ id, text, ...wire }) {
    const messages = [{ id: `${id}-question`, role: 'user', parts: [{ type: 'text', text }] }];
    const stream = await transport(wire).sendMessages({ chatId: id, messages, trigger: 'submit-message' });
    const grown = [];
    for await (const message of readUIMessageStream({ stream })) grown.push(message);
    return grown;
  },
  async check({ messages }) {
    const { success, error } = await safeValidateUIMessages({ messages });
    return { problem: success ? '' : error.message, converted: await convertToModelMessages(messages) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { order, name, ...fields } = JSON.parse(line);
  try {
    const answer = await orders[order](order === 'open' ? { name, ...fields } : { chat: chats.get(name), ...fields });
    console.log(JSON.stringify({ answer: answer ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ failed: error.stack }));
  }
}
process.exit();
