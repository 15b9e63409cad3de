/* What the first process tells the launcher: one fixed structure, written at once. */
#include "launcher.h"

void copy_subject(struct report *report, const char *subject)
{
    size_t length = 0;
    while (subject[length] != '\0' && length < subject_bytes - 1) {
        report->subject[length] = subject[length];
        length++;
    }
    report->subject[length] = '\0';
}

void send_report(const struct launch *launch, const struct report *report)
{
    long result;
    do
        result = kernel_call(__NR_write, launch->report_descriptor, report, sizeof *report);
    while (result == -EINTR);
}

__attribute__((noreturn)) void fail_launch(const struct launch *launch, int step, long error, const char *subject)
{
    struct report report = {.kind = report_failed, .step = step, .error = (int32_t)-error};
    copy_subject(&report, subject);
    send_report(launch, &report);
    /* One byte, which is no reason of its own: the report has said it. */
    if (launch->failure_descriptor > 0)
        kernel_call(__NR_write, launch->failure_descriptor, "", 1);
    leave(1);
}
