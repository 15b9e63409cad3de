/* What --help and --version say. */
#include "bwrap.h"

enum { description_column = 32 };

static const char *line_of(const struct named_option *option)
{
    const char *const call = join("    ", option->name, *option->operands == '\0' ? "" : " ", option->operands, NULL);
    const size_t length = strlen(call);
    const char *const spaces = "                                ";
    /* One that is too long has a line for itself. */
    if (length >= description_column)
        return join(call, "\n", spaces, option->description, "\n", NULL);
    return join(call, spaces + length, option->description, "\n", NULL);
}

static const char *lines_of(const struct option_table *table)
{
    const char *text = "";
    for (size_t index = 0; index < table->count; index++)
        text = join(text, line_of(&table->options[index]), NULL);
    return text;
}

void show_help(int descriptor, int status)
{
    static const struct named_option first[] = {
        {.name = "--help", .operands = "", .description = "Print this help"},
        {.name = "--version", .operands = "", .description = "Print the version of bubblewrap that this is like"},
        {.name = "--args", .operands = "FD", .description = "Read options from here, each with a NUL behind it"},
    };
    static const struct option_table general = {first, sizeof first / sizeof first[0]};
    write_text(descriptor, join("usage: bwrap [OPTIONS...] [--] COMMAND [ARGS...]\n\n", lines_of(&general),
                                lines_of(&plain_options), lines_of(&file_options), NULL));
    leave(status);
}

void show_version(void)
{
    write_text(1, "bubblewrap 0.11.0 (cupel)\n");
    leave(0);
}
