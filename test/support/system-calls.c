/* Makes system calls as it is told: each word is "number,argument,…", and each gives a line: `ok` or the errno. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **words)
{
    for (int index = 1; index < count; index++) {
        unsigned long values[7] = {0};
        char *rest = words[index];
        for (int at = 0; at < 7 && *rest != '\0'; at++) {
            values[at] = strtoul(rest, &rest, 0);
            if (*rest == ',')
                rest++;
        }
        errno = 0;
        const long result = syscall((long)values[0], values[1], values[2], values[3], values[4], values[5], values[6]);
        if (result == -1)
            printf("%d\n", errno);
        else
            printf("ok\n");
        fflush(stdout);
    }
    return 0;
}
