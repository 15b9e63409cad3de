/* The command's environment, changed as the options say, in their order. */
#include "bwrap.h"

static char **variables;
static size_t count, room;

static void make_room(void)
{
    if (count + 1 < room)
        return;
    room = room == 0 ? 64 : room * 2;
    char **const more = allocate(room * sizeof *more);
    for (size_t index = 0; index < count; index++)
        more[index] = variables[index];
    variables = more;
}

void keep_environment(char **environment)
{
    for (; *environment != NULL; environment++) {
        make_room();
        variables[count++] = *environment;
    }
}

static bool is_of(const char *variable, const char *name)
{
    return starts_with(variable, name) && variable[strlen(name)] == '=';
}

const char *variable(const char *name)
{
    for (size_t index = 0; index < count; index++)
        if (is_of(variables[index], name))
            return variables[index] + strlen(name) + 1;
    return NULL;
}

/* setenv(3): a name is not empty and holds no '='. */
static void check_name(const char *doing, const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (*at == '=')
            die_of(-EINVAL, doing, " failed", NULL);
    if (*name == '\0')
        die_of(-EINVAL, doing, " failed", NULL);
}

void unset_variable(const char *name)
{
    check_name("unsetenv", name);
    size_t kept = 0;
    for (size_t index = 0; index < count; index++)
        if (!is_of(variables[index], name))
            variables[kept++] = variables[index];
    count = kept;
}

void set_variable(const char *name, const char *value)
{
    check_name("setenv", name);
    char *const text = (char *)(uintptr_t)join(name, "=", value, NULL); // NOLINT(performance-no-int-to-ptr)
    for (size_t index = 0; index < count; index++) {
        if (!is_of(variables[index], name))
            continue;
        variables[index] = text;
        return;
    }
    make_room();
    variables[count++] = text;
}

/* PWD is set anew in the end (bwrap(1), --clearenv). */
void clear_variables(void)
{
    count = 0;
}

char **all_variables(void)
{
    make_room();
    variables[count] = NULL;
    return variables;
}
