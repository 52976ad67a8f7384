/* A model that costs nothing: one process, one epoll loop, OpenAI's Chat Completions as a stream.
 *
 * What it says is asked for in the question's own words, the last of the request's body that look like
 *
 *     bench r50 n300 b64 w20 h0
 *
 * r  chunks a second; 0: opened and then silent, but for a comment every 20 s, as some providers send them
 * n  number of chunks
 * b  bytes of text in each
 * w  milliseconds before the first one, one interval unless said
 * h  milliseconds between the last one and the end
 *
 * Each chunk's text begins with its number and the moment it was written, `#12@345678901;` in microseconds of
 * CLOCK_MONOTONIC, and is filled up with letters. `GET /` tells what has been served, and how much of it late.
 *
 * Usage: model PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_BODY = 64 << 20, MOST_TEXT = 4096, EVENTS = 512, SILENCE = 20 * 1000 * 1000, LATE = 5000 };

/* Between two requests, before the first chunk, among the chunks, before the end. */
typedef enum { IDLE, SPEAKING, HOLDING } State;

typedef struct {
    int fd;
    State state;
    char *in;               /* the request as far as it has arrived */
    size_t in_size, in_room;
    char *out;              /* what the socket would not take */
    size_t out_size, out_done, out_room;
    int64_t due;            /* when the next thing is to be said */
    int64_t interval, hold; /* microseconds */
    long number, next;      /* chunks in all, and the one that comes */
    int bytes;
    int place;              /* in the heap; -1 when nothing is due */
} Conn;

static int loop;
static Conn **heap;
static int heap_size, heap_room;
static unsigned long requests, chunks, late;
static char filler[MOST_TEXT + 1];

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *grown(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory)
        abort();
    return memory;
}

/* What is due, the earliest first: a binary heap. */

static void put(int at, Conn *conn)
{
    heap[at] = conn;
    conn->place = at;
}

static void rise(int at)
{
    Conn *conn = heap[at];
    for (; at > 0 && heap[(at - 1) / 2]->due > conn->due; at = (at - 1) / 2)
        put(at, heap[(at - 1) / 2]);
    put(at, conn);
}

static void sink(int at)
{
    Conn *conn = heap[at];
    for (int child; (child = 2 * at + 1) < heap_size; at = child) {
        if (child + 1 < heap_size && heap[child + 1]->due < heap[child]->due)
            child++;
        if (heap[child]->due >= conn->due)
            break;
        put(at, heap[child]);
    }
    put(at, conn);
}

static void cancel(Conn *conn)
{
    int at = conn->place;
    if (at < 0)
        return;
    conn->place = -1;
    Conn *last = heap[--heap_size];
    if (last == conn)
        return;
    put(at, last);
    rise(at);
    sink(last->place);
}

static void schedule(Conn *conn, int64_t due)
{
    cancel(conn);
    conn->due = due;
    if (heap_size == heap_room)
        heap = grown(heap, sizeof *heap * (size_t)(heap_room = 2 * heap_room + 64));
    put(heap_size++, conn);
    rise(heap_size - 1);
}

/* Connections */

static void hang_up(Conn *conn)
{
    cancel(conn);
    close(conn->fd);
    free(conn->in);
    free(conn->out);
    free(conn);
}

static void watch(Conn *conn, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = conn };
    epoll_ctl(loop, EPOLL_CTL_MOD, conn->fd, &event);
}

/* Write, and keep what the socket does not take. A connection that broke is noticed when it is read. */
static void say(Conn *conn, const char *bytes, size_t size)
{
    size_t done = 0;
    if (conn->out_size == conn->out_done) {
        ssize_t sent = write(conn->fd, bytes, size);
        done = sent > 0 ? (size_t)sent : 0;
    }
    if (done == size)
        return;
    if (conn->out_size + size - done > conn->out_room)
        conn->out = grown(conn->out, conn->out_room = 2 * (conn->out_size + size));
    memcpy(conn->out + conn->out_size, bytes + done, size - done);
    conn->out_size += size - done;
    watch(conn, EPOLLIN | EPOLLOUT);
}

/* One event of the stream is one chunk of HTTP, as providers send it. */
static void say_event(Conn *conn, const char *event, int size)
{
    char framed[MOST_TEXT + 1024];
    int whole = snprintf(framed, sizeof framed, "%x\r\n%.*s\r\n", (unsigned)size, size, event);
    say(conn, framed, (size_t)whole);
}

#define CHUNK \
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\"," \
    "\"system_fingerprint\":\"fp_bench\",\"choices\":["
#define CHOICE "{\"index\":0,\"delta\":{%s},\"logprobs\":null,\"finish_reason\":%s}"

static void say_delta(Conn *conn, const char *delta, const char *reason)
{
    char event[MOST_TEXT + 512];
    int size = snprintf(event, sizeof event, CHUNK CHOICE "]}\n\n", delta, reason);
    say_event(conn, event, size);
}

static void say_chunk(Conn *conn)
{
    char delta[MOST_TEXT + 64];
    int start = snprintf(delta, sizeof delta, "\"content\":\"");
    int mark = snprintf(delta + start, 64, "#%ld@%lld;", conn->next, (long long)now());
    int fill = conn->bytes > mark ? conn->bytes - mark : 0;
    snprintf(delta + start + mark, sizeof delta - (size_t)(start + mark), "%.*s\"", fill, filler);
    say_delta(conn, delta, "null");
    conn->next++;
    chunks++;
}

static void say_end(Conn *conn)
{
    char event[512];
    say_delta(conn, "", "\"stop\"");
    int size = snprintf(event, sizeof event,
                        CHUNK "],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":%ld,\"total_tokens\":%ld}}\n\n",
                        conn->number, conn->number + 100);
    say_event(conn, event, size);
    say_event(conn, "data: [DONE]\n\n", 14);
    say(conn, "0\r\n\r\n", 5);
}

/* Requests */

static long asked(const char *words, char letter, long otherwise)
{
    for (; *words == ' '; words++) {
        bool found = words[1] == letter;
        char *end;
        long value = strtol(words + 2, &end, 10);
        if (end == words + 2)
            break;
        if (found)
            return value;
        words = end - 1;
    }
    return otherwise;
}

static void begin(Conn *conn, const char *body, size_t size)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    const char *words = "", *found = body;
    while ((found = memmem(found, size - (size_t)(found - body), "bench r", 7)))
        words = (found += 5);
    long rate = asked(words, 'r', 50);
    conn->interval = rate > 0 ? 1000000 / rate : 0;
    conn->number = asked(words, 'n', 50);
    conn->bytes = (int)asked(words, 'b', 64);
    if (conn->bytes > MOST_TEXT)
        conn->bytes = MOST_TEXT;
    conn->hold = asked(words, 'h', 0) * 1000;
    conn->next = 0;
    conn->state = SPEAKING;
    requests++;
    say(conn, head, sizeof head - 1);
    say_delta(conn, "\"role\":\"assistant\",\"content\":\"\"", "null");
    long wait = asked(words, 'w', -1);
    schedule(conn, now() + (rate == 0 ? SILENCE : wait < 0 ? conn->interval : wait * 1000));
}

static void tell(Conn *conn)
{
    char body[128], answer[256];
    int size = snprintf(body, sizeof body, "{\"requests\":%lu,\"chunks\":%lu,\"late\":%lu}", requests, chunks, late);
    int whole = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         "Content-Length: %d\r\n\r\n%s", size, body);
    say(conn, answer, (size_t)whole);
}

/* Take a request from what has arrived. False when there is none yet, or what is there is no request. */
static bool take(Conn *conn)
{
    char *end = conn->in_size ? memmem(conn->in, conn->in_size, "\r\n\r\n", 4) : NULL;
    if (!end)
        return false;
    *end = 0;
    char *field = strcasestr(conn->in, "\r\ncontent-length:");
    size_t length = field ? strtoul(field + 17, NULL, 10) : 0, head = (size_t)(end - conn->in) + 4;
    bool asks = strncmp(conn->in, "POST ", 5) == 0;
    *end = '\r';
    if (length > MOST_BODY || conn->in_size < head + length)
        return false;
    if (asks)
        begin(conn, conn->in + head, length);
    else
        tell(conn);
    conn->in_size -= head + length;
    memmove(conn->in, conn->in + head + length, conn->in_size);
    return true;
}

/* The next chunk, or the end: the connection is due. */
static void go_on(Conn *conn, int64_t at)
{
    if (conn->interval == 0) {
        say_event(conn, ": still thinking\n\n", 18);
        schedule(conn, at + SILENCE);
        return;
    }
    late += at - conn->due > LATE;
    if (conn->state == SPEAKING && conn->next < conn->number)
        say_chunk(conn);
    if (conn->out_size > conn->out_done) { /* the reader is slower: go on when it has caught up */
        cancel(conn);
    } else if (conn->next < conn->number) {
        schedule(conn, conn->due + conn->interval);
    } else if (conn->state == SPEAKING && conn->hold) {
        conn->state = HOLDING;
        schedule(conn, conn->due + conn->hold);
    } else {
        cancel(conn);
        conn->state = IDLE;
        say_end(conn);
        take(conn);
    }
}

/* False when nobody is there any more. */
static bool hear(Conn *conn)
{
    if (conn->in_room - conn->in_size < 16384)
        conn->in = grown(conn->in, conn->in_room = 2 * conn->in_room + 32768);
    ssize_t got = read(conn->fd, conn->in + conn->in_size, conn->in_room - conn->in_size);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    conn->in_size += (size_t)got;
    while (conn->state == IDLE && take(conn))
        continue;
    return true;
}

static bool drain(Conn *conn)
{
    ssize_t sent = write(conn->fd, conn->out + conn->out_done, conn->out_size - conn->out_done);
    if (sent < 0)
        return errno == EAGAIN;
    conn->out_done += (size_t)sent;
    if (conn->out_done < conn->out_size)
        return true;
    conn->out_size = conn->out_done = 0;
    watch(conn, EPOLLIN);
    if (conn->state != IDLE && conn->place < 0)
        schedule(conn, now());
    return true;
}

static void welcome(int listener)
{
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        Conn *conn = grown(NULL, sizeof *conn);
        *conn = (Conn){ .fd = fd, .place = -1 };
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = conn };
        epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listening(int port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 4096)) {
        perror("model");
        exit(1);
    }
    return fd;
}

static void run(int listener)
{
    struct epoll_event events[EVENTS], event = { .events = EPOLLIN, .data.ptr = NULL };
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int64_t left = heap_size ? heap[0]->due - now() : 1000000;
        struct timespec wait = { left > 0 ? left / 1000000 : 0, left > 0 ? left % 1000000 * 1000 : 0 };
        int ready = epoll_pwait2(loop, events, EVENTS, &wait, NULL);
        for (int i = 0; i < ready; i++) {
            Conn *conn = events[i].data.ptr;
            if (!conn)
                welcome(listener);
            else if ((events[i].events & ~(uint32_t)EPOLLOUT && !hear(conn)) ||
                     (events[i].events & EPOLLOUT && !drain(conn)))
                hang_up(conn);
        }
        int64_t at = now();
        while (heap_size && heap[0]->due <= at)
            go_on(heap[0], at);
    }
}

int main(int count, char **words)
{
    if (count != 2)
        return fprintf(stderr, "usage: model PORT\n"), 2;
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < MOST_TEXT; i++)
        filler[i] = "words and more "[i % 15];
    loop = epoll_create1(EPOLL_CLOEXEC);
    run(listening(atoi(words[1])));
}
