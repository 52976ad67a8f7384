/* The load: opens many streams at one target and times what comes. One process, one epoll loop.
 *
 * The model writes a number and a moment into each chunk's text, `#12@345678901;`. Whatever the target wraps around it, the
 * mark is found again here: how late it is, whether one is missing, whether one comes twice.
 *
 * Usage: client PORT PLAN [name=value ...]
 *
 * PLAN is a file of requests, for each stream one to begin it and one to come back with (or none):
 *     LENGTH LENGTH\n<bytes><bytes>
 * In the second `{last}` stands for the id of the last whole event.
 *
 *     chunks=300   marks that each stream must bring (0: not checked)
 *     ramp=1000    milliseconds over which the streams begin
 *     drop=100     hang up after so many marks ...
 *     back=200     ... and come back so many milliseconds later, with the second request
 *     from= to=    time only chunks that the model wrote between these milliseconds after the start
 *     leave=       hang up on everybody so many milliseconds after the start
 *     limit=60000  give up after so many milliseconds
 *
 * Writes JSON lines: `open` when every stream has brought its first event or failed, `end` with all figures.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
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

enum { EVENTS = 512, READ = 65536, HEAD = 4096, ID = 64 };

typedef struct {
    uint32_t *values;
    size_t size, room;
} Samples;

/* Where in `#12@345;` or in the framing of HTTP's chunks we are. */
typedef enum { OUTSIDE, NUMBER, MOMENT } MarkState;
typedef enum { SIZE, SIZE_END, DATA, DATA_END } ChunkState;

typedef struct {
    char *request[2];
    size_t length[2];
    int fd;                      /* -1 while not connected */
    int turn;                    /* which of the two requests */
    bool answered, chunked, event_seen, over;
    char head[HEAD];             /* the response's head */
    size_t head_size;
    ChunkState chunk;
    size_t left;                 /* of the HTTP chunk */
    MarkState mark;
    int64_t number, moment;      /* as far as they have been read */
    char line[ID + 8];           /* the beginning of the line */
    size_t line_size;
    char id[ID], last[ID];       /* of the event being read, of the last whole one */
    int64_t began, due;          /* of this connection; when to come back */
    long next, here, got;        /* the mark that comes, the last one of this connection, all of it */
} Stream;

static int loop, port;
static Stream *streams;
static size_t count, opened, ended;
static Stream **waiting;         /* who comes back, the earliest first */
static size_t wait_first, wait_last;
static int64_t start;
static long chunks, ramp = 0, drop = 0, back = 200, from = 0, to = 0, leave = 0, limit = 60000;
static long failed, lost, duplicated, resent, marks;
static unsigned long long bytes;
static Samples added, first, again, whole;

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

static void add(Samples *samples, int64_t value)
{
    if (samples->size == samples->room)
        samples->values = grown(samples->values, sizeof(uint32_t) * (samples->room = 2 * samples->room + 1024));
    samples->values[samples->size++] = value < 0 ? 0 : (uint32_t)value;
}

/* One stream */

static void count_open(void)
{
    if (++opened < count)
        return;
    printf("{\"event\": \"open\", \"ms\": %lld, \"failed\": %ld}\n", (long long)(now() - start) / 1000, failed);
    fflush(stdout);
}

static void finish(Stream *stream, const char *fault)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    if (stream->over)
        return;
    stream->over = true;
    ended++;
    if (!fault && chunks && stream->next < chunks)
        lost += chunks - stream->next;
    if (!fault)
        return;
    if (failed++ < 3)
        fprintf(stderr, "stream %td: %s\n", stream - streams, fault);
    if (stream->turn == 0 && !stream->event_seen)
        count_open();
}

static void connect_to_target(Stream *stream)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int one = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    stream->answered = stream->chunked = stream->event_seen = false;
    stream->head_size = stream->left = stream->line_size = 0;
    stream->chunk = SIZE;
    stream->mark = OUTSIDE;
    stream->here = -1;
    stream->got = 0;
    stream->began = now();
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(stream->fd, (struct sockaddr *)&at, sizeof at) && errno != EINPROGRESS) {
        finish(stream, strerror(errno));
        return;
    }
    struct epoll_event event = { .events = EPOLLOUT, .data.ptr = stream };
    epoll_ctl(loop, EPOLL_CTL_ADD, stream->fd, &event);
}

/* Requests are small: a new connection takes one whole. */
static void ask(Stream *stream)
{
    char *request = stream->request[stream->turn], *hole = strstr(request, "{last}");
    char filled[HEAD + ID];
    size_t length = stream->length[stream->turn];
    if (hole) {
        int size = snprintf(filled, sizeof filled, "%.*s%s%s", (int)(hole - request), request, stream->last, hole + 6);
        request = filled;
        length = (size_t)size;
    }
    if (write(stream->fd, request, length) != (ssize_t)length) {
        finish(stream, "the request was not taken");
        return;
    }
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = stream };
    epoll_ctl(loop, EPOLL_CTL_MOD, stream->fd, &event);
}

/* Hang up in the middle, and come back later or never. */
static void leave_early(Stream *stream)
{
    if (!stream->length[1] || stream->turn == 1) {
        finish(stream, NULL);
        return;
    }
    close(stream->fd);
    stream->fd = -1;
    stream->turn = 1;
    stream->due = now() + back * 1000;
    waiting[wait_last++] = stream;
}

static void on_event(Stream *stream, int64_t at)
{
    if (stream->event_seen)
        return;
    stream->event_seen = true;
    add(stream->turn ? &again : &first, at - stream->began);
    if (stream->turn == 0)
        count_open();
}

static void on_mark(Stream *stream, int64_t at)
{
    long number = (long)stream->number;
    stream->got++;
    if (number <= stream->here) {
        duplicated++;
    } else if (number < stream->next) {
        resent++;
    } else {
        lost += number - stream->next;
        stream->next = number + 1;
        marks++;
        int64_t written = stream->moment - start;
        if (stream->turn == 0 && written >= from * 1000 && (!to || written < to * 1000))
            add(&added, at - stream->moment);
    }
    stream->here = number;
    if (drop && stream->got == drop)
        add(&whole, at - stream->began);
}

static void on_line(Stream *stream, int64_t at)
{
    char *line = stream->line;
    line[stream->line_size] = 0;
    if (stream->line_size == 0)
        strcpy(stream->last, stream->id);
    else if (strncmp(line, "id: ", 4) == 0)
        snprintf(stream->id, ID, "%s", line + 4);
    else if (strncmp(line, "data:", 5) == 0)
        on_event(stream, at);
    stream->line_size = 0;
}

/* One byte of the body. A line's beginning is kept, and marks are found wherever they stand. */
static void on_byte(Stream *stream, char byte, int64_t at)
{
    if (byte == '\n')
        on_line(stream, at);
    else if (stream->line_size < ID && byte != '\r')
        stream->line[stream->line_size++] = byte;
    bool digit = byte >= '0' && byte <= '9';
    if (byte == '#') {
        stream->mark = NUMBER;
        stream->number = stream->moment = 0;
    } else if (stream->mark == NUMBER && digit) {
        stream->number = stream->number * 10 + (byte - '0');
    } else if (stream->mark == NUMBER && byte == '@') {
        stream->mark = MOMENT;
    } else if (stream->mark == MOMENT && digit) {
        stream->moment = stream->moment * 10 + (byte - '0');
    } else if (stream->mark == MOMENT && byte == ';') {
        stream->mark = OUTSIDE;
        on_mark(stream, at);
    } else {
        stream->mark = OUTSIDE;
    }
}

static void on_body(Stream *stream, const char *data, size_t size, int64_t at)
{
    bytes += size;
    for (size_t i = 0; i < size; i++)
        on_byte(stream, data[i], at);
}

static int hex(char byte)
{
    const char *digits = "0123456789abcdef", *found = byte ? strchr(digits, byte | 32) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Take HTTP's chunks apart. True at the end of the body. */
static bool on_chunks(Stream *stream, const char *data, size_t size, int64_t at)
{
    for (size_t i = 0; i < size; i++) {
        switch (stream->chunk) {
        case SIZE:
            if (hex(data[i]) >= 0)
                stream->left = stream->left * 16 + (size_t)hex(data[i]);
            else if (data[i] == '\r')
                stream->chunk = SIZE_END;
            break;
        case SIZE_END:
            if (stream->left == 0)
                return true;
            stream->chunk = DATA;
            break;
        case DATA: {
            size_t here = size - i < stream->left ? size - i : stream->left;
            on_body(stream, data + i, here, at);
            i += here - 1;
            if ((stream->left -= here) == 0)
                stream->chunk = DATA_END;
            break;
        }
        case DATA_END:
            if (data[i] == '\n')
                stream->chunk = SIZE;
            break;
        }
    }
    return false;
}

/* The head of the response. Returns how much of `data` belongs to it. */
static size_t on_head(Stream *stream, const char *data, size_t size)
{
    size_t before = stream->head_size, room = HEAD - 1 - before, taken = size < room ? size : room;
    memcpy(stream->head + before, data, taken);
    stream->head_size += taken;
    stream->head[stream->head_size] = 0;
    char *end = strstr(stream->head, "\r\n\r\n");
    if (!end)
        return taken;
    stream->answered = true;
    stream->chunked = strcasestr(stream->head, "\r\ntransfer-encoding: chunked");
    if (strncmp(stream->head + 8, " 200 ", 5) != 0) {
        *strchr(stream->head, '\r') = 0;
        finish(stream, stream->head);
    }
    return (size_t)(end - stream->head) + 4 - before;
}

static void hear(Stream *stream)
{
    static char data[READ];
    ssize_t size = read(stream->fd, data, READ);
    int64_t at = now();
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0) {
        bool early = !stream->answered || stream->chunked;
        finish(stream, early ? "the target hung up" : NULL);
        return;
    }
    size_t used = stream->answered ? 0 : on_head(stream, data, (size_t)size);
    if (!stream->answered || stream->over)
        return;
    bool end = false;
    if (stream->chunked)
        end = on_chunks(stream, data + used, (size_t)size - used, at);
    else
        on_body(stream, data + used, (size_t)size - used, at);
    if (end)
        finish(stream, NULL);
    else if (drop && stream->got >= drop && (stream->turn == 0 || !stream->length[1]))
        leave_early(stream);
}

/* All streams */

static void read_plan(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t one, two;
    if (!file) {
        perror(path);
        exit(2);
    }
    while (fscanf(file, "%zu %zu", &one, &two) == 2 && fgetc(file) == '\n') {
        streams = grown(streams, sizeof *streams * (count + 1));
        Stream *stream = &streams[count++];
        *stream = (Stream){ .fd = -1, .length = { one, two } };
        for (int i = 0; i < 2; i++) {
            size_t length = stream->length[i];
            char *request = stream->request[i] = grown(NULL, length + 1);
            request[fread(request, 1, length, file)] = 0;
        }
    }
    fclose(file);
    waiting = grown(NULL, sizeof *waiting * (count + 1));
}

static int64_t start_of(size_t stream)
{
    return start + (int64_t)ramp * 1000 * (int64_t)stream / (int64_t)count;
}

static int64_t last_moment(void)
{
    return start + (leave && leave < limit ? leave : limit) * 1000;
}

/* Begin whom it is time for. Returns the moment of the next one, or when to stop. */
static int64_t begin_due(size_t *begun)
{
    int64_t next = last_moment();
    while (*begun < count && start_of(*begun) <= now())
        connect_to_target(&streams[(*begun)++]);
    if (*begun < count && start_of(*begun) < next)
        next = start_of(*begun);
    while (wait_first < wait_last && waiting[wait_first]->due <= now())
        connect_to_target(waiting[wait_first++]);
    if (wait_first < wait_last && waiting[wait_first]->due < next)
        next = waiting[wait_first]->due;
    return next;
}

static void run(void)
{
    struct epoll_event events[EVENTS];
    size_t begun = 0;
    start = now();
    while (ended < count) {
        int64_t left = begin_due(&begun) - now();
        if (now() >= last_moment())
            break;
        if (left < 0)
            left = 0; // on a busy machine the next one's time may have come meanwhile
        struct timespec wait = { left / 1000000, left % 1000000 * 1000 };
        int ready = epoll_pwait2(loop, events, EVENTS, &wait, NULL);
        for (int i = 0; i < ready; i++) {
            Stream *stream = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                ask(stream);
            else
                hear(stream);
        }
    }
    for (size_t i = 0; i < count; i++)
        if (!streams[i].over && !leave)
            finish(&streams[i], "it did not end in time");
}

static int smaller(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void tell(const char *name, Samples *samples)
{
    size_t size = samples->size;
    if (size)
        qsort(samples->values, size, sizeof(uint32_t), smaller);
    printf(", \"%s\": {\"count\": %zu", name, size);
    const struct { const char *name; double share; } shares[] = { { "p50", .5 }, { "p90", .9 }, { "p99", .99 }, { "max", 1 } };
    for (size_t i = 0; size && i < sizeof shares / sizeof *shares; i++) {
        size_t at = (size_t)(shares[i].share * (double)size);
        printf(", \"%s\": %u", shares[i].name, samples->values[at < size ? at : size - 1]);
    }
    printf("}");
}

static void read_option(const char *word)
{
    const struct { const char *name; long *value; } options[] = {
        { "chunks", &chunks }, { "ramp", &ramp }, { "drop", &drop }, { "back", &back },
        { "from", &from }, { "to", &to }, { "leave", &leave }, { "limit", &limit },
    };
    const char *equals = strchr(word, '=');
    for (size_t i = 0; equals && i < sizeof options / sizeof *options; i++) {
        if (strncmp(word, options[i].name, (size_t)(equals - word)) == 0 && !options[i].name[equals - word]) {
            *options[i].value = atol(equals + 1);
            return;
        }
    }
    fprintf(stderr, "client: what is %s?\n", word);
    exit(2);
}

int main(int words, char **word)
{
    if (words < 3)
        return fprintf(stderr, "usage: client PORT PLAN [name=value ...]\n"), 2;
    port = atoi(word[1]);
    read_plan(word[2]);
    for (int i = 3; i < words; i++)
        read_option(word[i]);
    loop = epoll_create1(EPOLL_CLOEXEC);
    run();
    printf("{\"event\": \"end\", \"ms\": %lld, \"streams\": %zu, \"failed\": %ld, \"chunks\": %ld, \"lost\": %ld, "
           "\"duplicated\": %ld, \"resent\": %ld, \"bytes\": %llu",
           (long long)(now() - start) / 1000, count, failed, marks, lost, duplicated, resent, bytes);
    tell("added", &added);
    tell("first", &first);
    tell("again", &again);
    tell("whole", &whole);
    printf("}\n");
}
