/* Where the command starts, and what is executed. */
#include "bwrap.h"

/* bwrap(1), "HOME". */
void change_directory(const struct sandbox *sandbox)
{
    const char *entered = "/";
    const char *const wanted = sandbox->options.directory;
    const char *const home = variable("HOME");
    if (wanted != NULL) {
        const long result = kernel_call(__NR_chdir, wanted);
        if (result < 0)
            die_of(result, "Can't chdir to ", wanted, NULL);
        entered = wanted;
    } else if (sandbox->directory != NULL && kernel_call(__NR_chdir, sandbox->directory) >= 0) {
        entered = sandbox->directory;
    } else if (home != NULL && kernel_call(__NR_chdir, home) >= 0) {
        entered = home;
    }
    set_variable("PWD", entered);
}

/* What the kernel does not know how to execute is a script of the shell's (exec(3)). */
static long execute_file(const char *path, char **arguments)
{
    char **const variables = all_variables();
    const long result = kernel_call(__NR_execve, path, arguments, variables);
    if (result != -ENOEXEC)
        return result;
    size_t count = 0;
    while (arguments[count] != NULL)
        count++;
    const char **const words = allocate((count + 2) * sizeof *words);
    words[0] = "/bin/sh";
    words[1] = path;
    for (size_t index = 1; index <= count; index++)
        words[index + 1] = arguments[index];
    return kernel_call(__NR_execve, words[0], words, variables);
}

static bool has_slash(const char *name)
{
    for (; *name != '\0'; name++)
        if (*name == '/')
            return true;
    return false;
}

/* Of a list, up to the next colon; moves on behind it. An empty one is the working directory (environ(7)). */
static const char *take_directory(const char **list)
{
    const char *const from = *list;
    size_t length = 0;
    while (from[length] != '\0' && from[length] != ':')
        length++;
    char *const directory = allocate(length + 1);
    memcpy(directory, from, length);
    directory[length] = '\0';
    *list = from[length] == ':' ? from + length + 1 : NULL;
    return length == 0 ? "." : directory;
}

/* The first that can be executed; otherwise a refusal says more than an absence (exec(3)). */
static long execute_found(const char *name, char **arguments)
{
    const char *list = variable("PATH");
    if (list == NULL)
        list = "/bin:/usr/bin";
    long kept = -ENOENT;
    while (list != NULL) {
        const char *const path = join(take_directory(&list), "/", name, NULL);
        const long result = execute_file(path, arguments);
        if (result == -EACCES)
            kept = result;
        else if (result != -ENOENT && result != -ENOTDIR && result != -ESTALE && result != -ENODEV)
            return result;
    }
    return kept;
}

void execute(const struct sandbox *sandbox)
{
    char **const arguments = sandbox->options.command;
    const char *const name = arguments[0];
    if (sandbox->options.program_name != NULL)
        arguments[0] = (char *)(uintptr_t)sandbox->options.program_name; // NOLINT(performance-no-int-to-ptr)
    make_capabilities_ambient(sandbox);
    load_filters(&sandbox->options);
    const long result =
        has_slash(name) || *name == '\0' ? execute_file(name, arguments) : execute_found(name, arguments);
    tell(sandbox, message_not_started, 0);
    die_of(result, "execvp ", name, NULL);
}
