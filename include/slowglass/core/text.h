/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers on texts: numbers that read back exactly, and the nearest known word for an unknown one. */
#ifndef SLOWGLASS_CORE_TEXT_H
#define SLOWGLASS_CORE_TEXT_H

enum { SG_NUMBER_TEXT = 32 };

/** The fewest digits that read back as the same bits: 600, 0.1, 1e+13. Not finite: "nan", "inf", "-inf".
 * @return `text`. Threads: any. */
const char *sg_text_number(double value, char text[SG_NUMBER_TEXT]);

/** Levenshtein distance (insertions, deletions, substitutions), letter case ignored.
 * Words longer than 63 characters are cut. Cost: product of the lengths.
 * Source: Wagner & Fischer, J. ACM 21, 168 (1974). */
int sg_text_distance(const char *a, const char *b);

/** 1 when a word `distance` away from what was typed (`length` characters) is worth suggesting. */
int sg_text_near(int distance, int length);

#endif
