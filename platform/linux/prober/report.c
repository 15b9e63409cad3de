/* Steps, as lines of JSON. */
#include "../shared/write-line.h"
#include "prober.h"

enum { standard_output = 1 };

void report_both(const char *step, long error, long long value, const char *text)
{
    struct line line;
    line.length = 0;
    put_byte(&line, '{');
    put_string_field(&line, "step", step);
    put_number_field(&line, "errno", error);
    put_number_field(&line, "value", value);
    if (text != 0)
        put_string_field(&line, "text", text);
    put_byte(&line, '}');
    write_line(standard_output, &line);
}

void report_text(const char *step, long long result, const char *text)
{
    report_both(step, result < 0 ? (long)-result : 0, result < 0 ? 0 : result, text);
}

void report(const char *step, long long result)
{
    report_text(step, result, 0);
}
