/* Keys and their values. */
#include "attacker.h"

enum { keys_max = 96, value_room = 2048, arena_bytes = 65536 };

static struct {
    char name[key_name_room];
    const char *value;
} keys[keys_max];
static size_t key_count;
static char arena[arena_bytes];
static size_t arena_used;

int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* In place: what is decoded is never longer. False for a byte that may not be there as it is, and for NUL. */
static bool unescape(char *word)
{
    char *to = word;
    for (const char *from = word; *from != '\0'; from++) {
        if (*from <= ' ' || *from > '~')
            return false;
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        const int high = digit_value(from[1]), low = high < 0 ? -1 : digit_value(from[2]);
        if (low < 0 || high + low == 0)
            return false;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

static bool is_key_name(const char *name)
{
    const size_t length = strlen(name);
    for (size_t at = 0; at < length; at++)
        if (!(name[at] >= 'a' && name[at] <= 'z') && !(name[at] >= '0' && name[at] <= '9') && name[at] != '-')
            return false;
    return length > 0 && length < key_name_room;
}

static size_t find_key(const char *name)
{
    size_t index = 0;
    while (index < key_count && strcmp(keys[index].name, name) != 0)
        index++;
    return index;
}

const char *set_key(char *words)
{
    char *value = words;
    while (*value != '\0' && *value != ' ')
        value++;
    if (*value == '\0')
        return "a key needs a value";
    *value++ = '\0';
    if (!is_key_name(words) || !unescape(value))
        return "the key or its value is malformed";
    const size_t length = strlen(value) + 1, index = find_key(words);
    if (length > value_room || index >= keys_max || length > arena_bytes - arena_used)
        return "there is no room for so much";
    join(keys[index].name, key_name_room, words, "", "");
    keys[index].value = memcpy(arena + arena_used, value, length);
    arena_used += length;
    key_count += index == key_count ? 1 : 0;
    return 0;
}

const char *key(const char *name)
{
    const size_t index = find_key(name);
    return index < key_count ? keys[index].value : 0;
}

long parse_decimal(const char **text)
{
    long number = 0;
    const char *at = *text;
    /* Eighteen digits fit into a long. */
    for (; at - *text < 18 && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    const bool is_number = at > *text;
    *text = at;
    return is_number ? number : -1;
}

long key_number(const char *name, long otherwise, long most)
{
    const char *value = key(name);
    const long number = value == 0 ? -1 : parse_decimal(&value);
    const long chosen = number < 0 || *value != '\0' ? otherwise : number;
    return chosen > most ? most : chosen;
}

bool key_is(const char *name, const char *value)
{
    const char *found = key(name);
    return found != 0 && strcmp(found, value) == 0;
}

const char *mark(void)
{
    const char *word = key("mark");
    return word == 0 ? "unmarked" : word;
}

bool next_item(const char **rest, char *item, size_t room)
{
    while (*rest != 0 && **rest == '\n')
        (*rest)++;
    if (*rest == 0 || **rest == '\0')
        return false;
    size_t length = 0;
    for (; **rest != '\0' && **rest != '\n'; (*rest)++)
        if (length + 1 < room)
            item[length++] = **rest;
    item[length] = '\0';
    return true;
}
