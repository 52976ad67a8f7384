// The usual stack, as its documentation builds it: `streamText` of the AI SDK, made resumable by `resumable-stream` on
// Redis (npm `ai`, docs/04-ai-sdk-ui/03-chatbot-resume-streams.mdx), on Node's own HTTP server. Kindly so: it checks and
// stores nothing, keeps one context for all streams, and writes with the SDK's own helper for Node.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  convertToModelMessages,
  generateId,
  pipeUIMessageStreamToResponse,
  streamText,
  toUIMessageStream,
  UI_MESSAGE_STREAM_HEADERS,
} from 'ai';
import { createResumableStreamContext } from 'resumable-stream';

const { PORT, MODEL_BASE_URL } = process.env;
const provider = createOpenAICompatible({ name: 'bench', baseURL: MODEL_BASE_URL, apiKey: 'bench', includeUsage: true });
const streams = createResumableStreamContext({ waitUntil: null });
const active = new Map(); // chat id → the stream that can be resumed

async function post(request, response) {
  const { id, message } = JSON.parse(await text(request));
  const messages = [message];
  const result = streamText({ model: provider('bench'), messages: await convertToModelMessages(messages) });
  await pipeUIMessageStreamToResponse({
    response,
    stream: toUIMessageStream({
      stream: result.stream,
      originalMessages: messages,
      generateMessageId: generateId,
      onEnd: () => active.delete(id),
    }),
    async consumeSseStream({ stream }) {
      const streamId = generateId();
      await streams.createNewResumableStream(streamId, () => stream);
      active.set(id, streamId);
    },
  });
}

async function resume(id, response) {
  const stream = active.has(id) ? await streams.resumeExistingStream(active.get(id)) : null;
  if (!stream) return response.writeHead(204).end();
  response.writeHead(200, UI_MESSAGE_STREAM_HEADERS);
  return pipeline(Readable.fromWeb(stream), response);
}

const server = createServer(async (request, response) => {
  try {
    const path = request.url.split('/');
    if (request.method === 'POST' && request.url === '/api/chat') await post(request, response);
    else if (request.method === 'GET' && path[4] === 'stream') await resume(path[3], response);
    else response.writeHead(200).end('ok');
  } catch (error) {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') console.error(error);
    response.destroy();
  }
});
server.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 });
