/* swap-paths ONE OTHER: exchanges what two names stand for, over and over, until it is ended (renameat2(2)). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    if (count != 3)
        return 64;
    for (unsigned long swaps = 0;; swaps++) {
        if (renameat2(AT_FDCWD, arguments[1], AT_FDCWD, arguments[2], RENAME_EXCHANGE) != 0) {
            perror("swap-paths");
            return 1;
        }
        if (swaps == 0)
            write(1, "swapping\n", 9);
    }
}
