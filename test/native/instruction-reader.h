/* The launcher's reader of instructions, all of it and in one piece: a test looks into its memory. */
#ifndef CUPEL_INSTRUCTION_READER_H
#define CUPEL_INSTRUCTION_READER_H

#include "../../platform/linux/launcher/instruction-cursor.c"
#include "../../platform/linux/launcher/instruction-root-step.c"
#include "../../platform/linux/launcher/instruction-records.c"
#include "../../platform/linux/launcher/instruction.c"

#endif
