/*
 * How the caller's terminal is set. It is raw while the job has it: every byte of the keyboard is the job's, Ctrl-C and
 * Ctrl-Z too. It is put back on every way out: by the launcher, when the job is over or cupel is gone or stopped; by
 * the process that reads the keyboard, when the launcher itself is killed.
 */
#include "launcher.h"

#include <asm/ioctls.h>

enum { input_queue = 0 /* TCIFLUSH */ };

/* Where job control does not apply (ENOTTY: another session's terminal) there is no background either. */
bool is_foreground(int terminal)
{
    int group = 0;
    if (kernel_call(__NR_ioctl, terminal, TIOCGPGRP, &group) < 0)
        return true;
    return group == kernel_call(__NR_getpgid, 0);
}

/* Raw as we made it, be it with the keys that signal (see end_terminal()). */
bool is_raw(const struct terminal *terminal, const struct termios *settings)
{
    return settings->c_iflag == terminal->raw.c_iflag && settings->c_oflag == terminal->raw.c_oflag &&
           (settings->c_lflag & ~(tcflag_t)ISIG) == terminal->raw.c_lflag;
}

/*
 * In the background, other settings than ours are those of whoever is in the foreground now: a shell that has taken its
 * terminal back. What was typed to the job and not read by it is thrown away: it was not meant for that shell.
 */
void restore_callers_terminal(const struct terminal *terminal)
{
    struct termios now;
    if (kernel_call(__NR_ioctl, terminal->caller, TCGETS, &now) < 0)
        return;
    const bool is_ours = is_raw(terminal, &now);
    if (!is_ours && !is_foreground(terminal->caller))
        return;
    if (is_ours)
        kernel_call(__NR_ioctl, terminal->caller, TCFLSH, input_queue);
    /* SIGTTOU is blocked, so this works from the background too (tcsetattr(3)). */
    kernel_call(__NR_ioctl, terminal->caller, TCSETS, &terminal->settings);
}
