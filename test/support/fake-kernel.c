/*
 * In the place of a kernel of the job's own: says of the job what no kernel may, or nothing at all. What it says goes
 * to descriptor 0, as guest-inside.c's reports do.
 */
#include "../../platform/linux/launcher/launcher.h"

#include <stdlib.h>

static void say(struct report report)
{
    if (write(0, &report, sizeof report) != (ssize_t)sizeof report)
        exit(70);
}

static void say_words(const char *words)
{
    if (write(2, words, strlen(words)) < 0)
        exit(70);
}

static const struct report started = {.kind = report_started};

int main(int count, char **words)
{
    const char *const manner = count > 1 ? words[1] : "";
    /* What is sent to a kernel first; with that unread, nothing that it says would arrive (unix(7), ECONNRESET). */
    char byte;
    if (read(0, &byte, 1) != 1)
        return 70;
    if (strcmp(manner, "well") == 0) {
        say(started);
        say((struct report){.kind = report_ended, .status = 5 << 8});
        return 0;
    }
    if (strcmp(manner, "silent") == 0)
        return 7;
    if (strcmp(manner, "words") == 0) {
        say_words("no such platform\n");
        return 9;
    }
    if (strcmp(manner, "hang") == 0)
        sleep(60);
    if (strcmp(manner, "known-step") == 0)
        say((struct report){.kind = report_failed, .step = 1, .error = 1, .subject = "a subject"});
    if (strcmp(manner, "no-step") == 0)
        say((struct report){.kind = report_failed, .step = 1 << 20, .error = 1});
    if (strcmp(manner, "negative-step") == 0)
        say((struct report){.kind = report_failed, .step = -1, .error = 1});
    if (strcmp(manner, "no-kind") == 0)
        say((struct report){.kind = 1 << 20});
    if (strcmp(manner, "ready") == 0)
        say((struct report){.kind = report_ready});
    if (strcmp(manner, "short") == 0 && write(0, "short", 5) != 5)
        return 70;
    if (strcmp(manner, "unasked") == 0) {
        say(started);
        say((struct report){.kind = report_setup_ended});
    }
    if (strcmp(manner, "twice") == 0) {
        say(started);
        say(started);
    }
    if (strcmp(manner, "lost") == 0) {
        say(started);
        say_words("out of luck\n");
        return 3;
    }
    if (strcmp(manner, "endless") == 0) {
        say(started);
        struct report ended = {.kind = report_ended, .status = 6 << 8};
        memset(ended.subject, 'x', sizeof ended.subject);
        say(ended);
    }
    /* Whoever is told such a thing ends this. */
    sleep(60);
    return 0;
}
