/* The command line: options, more of them from descriptors, and the command behind them. */
#include "bwrap.h"

struct words {
    char **at;
    size_t count;
    /* Of the command line itself, behind whose options the command is. */
    bool has_command;
};

static char **split(char *bytes, size_t length, size_t *count)
{
    *count = 0;
    for (size_t index = 0; index < length; index++)
        *count += bytes[index] == '\0';
    /* The last one may go without. */
    *count += length > 0 && bytes[length - 1] != '\0';
    char **const words = allocate((*count + 1) * sizeof *words);
    for (size_t index = 0; index < *count; index++) {
        words[index] = bytes;
        bytes += strlen(bytes) + 1;
    }
    words[*count] = NULL;
    return words;
}

static void parse_words(struct options *options, struct words words);

static void take_words_of(struct options *options, const char *value)
{
    size_t length;
    char *const bytes = read_whole(parse_descriptor(value), &length, "--args data");
    struct words words = {.has_command = false};
    words.at = split(bytes, length, &words.count);
    parse_words(options, words);
}

static const char *const counted[] = {"", " takes an argument", " takes two arguments", " takes three arguments"};

static const struct named_option *find_in(const struct option_table *table, const char *name)
{
    for (size_t index = 0; index < table->count; index++)
        if (strcmp(table->options[index].name, name) == 0)
            return &table->options[index];
    return NULL;
}

static bool is_plain(const struct named_option *option)
{
    return find_in(&plain_options, option->name) != NULL;
}

static const struct named_option *find(const char *name)
{
    const struct named_option *const option = find_in(&plain_options, name);
    return option != NULL ? option : find_in(&file_options, name);
}

/* How many words it took. */
static size_t take_option(struct options *options, const struct words *words)
{
    const char *const name = words->at[0];
    const bool is_file = strcmp(name, "--args") == 0;
    if (is_file && !words->has_command)
        die("--args not supported in arguments file", NULL);
    if (strcmp(name, "--help") == 0)
        show_help(1, 0);
    if (strcmp(name, "--version") == 0)
        show_version();
    const struct named_option *const option = find(name);
    if (!is_file && option == NULL)
        die("Unknown option ", name, NULL);
    const int values = is_file ? 1 : option->values;
    if (words->count <= (size_t)values)
        die(name, counted[values], NULL);
    /* A mode, say, is for the very next option. */
    if (!is_file && is_plain(option))
        refuse_pending(0);
    if (is_file)
        take_words_of(options, words->at[1]);
    else
        option->take(options, option, words->at + 1);
    return 1 + (size_t)values;
}

/* A descriptor has options alone: what comes behind them there is nothing to anybody. */
static void parse_words(struct options *options, struct words words)
{
    while (words.count > 0 && words.at[0][0] == '-') {
        if (strcmp(words.at[0], "--") == 0) {
            words.at++;
            words.count--;
            break;
        }
        const size_t taken = take_option(options, &words);
        words.at += taken;
        words.count -= taken;
    }
    if (words.has_command)
        options->command = words.at;
}

void parse_arguments(struct options *options, char **arguments)
{
    struct words words = {.at = arguments, .has_command = true};
    while (arguments[words.count] != NULL)
        words.count++;
    parse_words(options, words);
    if (options->command[0] == NULL)
        show_help(2, 1);
    refuse_pending_sources();
}
