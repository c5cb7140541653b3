/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The elements H to Pu and the species of a system.
 * Masses: abridged standard atomic weights of IUPAC (2021); for elements without a stable isotope the mass
 * number of the longest-lived one. */
#include "slowglass/system.h"

#include <string.h>

typedef struct element {
    char symbol[4];
    double mass; /* amu */
} element;

static const element *find_element(const char *symbol, int *number);

/* Entry k is the element of atomic number k + 1. */
/* clang-format off */
static const element elements[] = {
    {"H", 1.008},      {"He", 4.0026},    {"Li", 6.94},      {"Be", 9.0122},    {"B", 10.81},      {"C", 12.011},
    {"N", 14.007},     {"O", 15.999},     {"F", 18.998},     {"Ne", 20.180},    {"Na", 22.990},    {"Mg", 24.305},
    {"Al", 26.982},    {"Si", 28.085},    {"P", 30.974},     {"S", 32.06},      {"Cl", 35.45},     {"Ar", 39.95},
    {"K", 39.098},     {"Ca", 40.078},    {"Sc", 44.956},    {"Ti", 47.867},    {"V", 50.942},     {"Cr", 51.996},
    {"Mn", 54.938},    {"Fe", 55.845},    {"Co", 58.933},    {"Ni", 58.693},    {"Cu", 63.546},    {"Zn", 65.38},
    {"Ga", 69.723},    {"Ge", 72.630},    {"As", 74.922},    {"Se", 78.971},    {"Br", 79.904},    {"Kr", 83.798},
    {"Rb", 85.468},    {"Sr", 87.62},     {"Y", 88.906},     {"Zr", 91.224},    {"Nb", 92.906},    {"Mo", 95.95},
    {"Tc", 97.0},      {"Ru", 101.07},    {"Rh", 102.91},    {"Pd", 106.42},    {"Ag", 107.87},    {"Cd", 112.41},
    {"In", 114.82},    {"Sn", 118.71},    {"Sb", 121.76},    {"Te", 127.60},    {"I", 126.90},     {"Xe", 131.29},
    {"Cs", 132.91},    {"Ba", 137.33},    {"La", 138.91},    {"Ce", 140.12},    {"Pr", 140.91},    {"Nd", 144.24},
    {"Pm", 145.0},     {"Sm", 150.36},    {"Eu", 151.96},    {"Gd", 157.25},    {"Tb", 158.93},    {"Dy", 162.50},
    {"Ho", 164.93},    {"Er", 167.26},    {"Tm", 168.93},    {"Yb", 173.05},    {"Lu", 174.97},    {"Hf", 178.49},
    {"Ta", 180.95},    {"W", 183.84},     {"Re", 186.21},    {"Os", 190.23},    {"Ir", 192.22},    {"Pt", 195.08},
    {"Au", 196.97},    {"Hg", 200.59},    {"Tl", 204.38},    {"Pb", 207.2},     {"Bi", 208.98},    {"Po", 209.0},
    {"At", 210.0},     {"Rn", 222.0},     {"Fr", 223.0},     {"Ra", 226.0},     {"Ac", 227.0},     {"Th", 232.04},
    {"Pa", 231.04},    {"U", 238.03},     {"Np", 237.0},     {"Pu", 244.0},
};
/* clang-format on */
enum { N_ELEMENTS = sizeof elements / sizeof elements[0] };

sg_status sg_species_init(sg_species *species, int n, const char *const symbols[])
{
    sg_species made = {.n = n};

    memset(species, 0, sizeof *species);
    if (n < 1 || n > SG_MAX_SPECIES)
        return sg_fail(SG_EINVAL, "%d elements given, need 1 to %d", n, SG_MAX_SPECIES);
    for (int k = 0; k < n; k++) {
        const element *e = find_element(symbols[k], &made.number[k]);
        if (!e)
            return sg_fail(SG_EINVAL, "unknown element \"%s\", expected a symbol from H to Pu", symbols[k]);
        for (int j = 0; j < k; j++)
            if (made.number[j] == made.number[k])
                return sg_fail(SG_EINVAL, "element %s is given twice (types %d and %d)", symbols[k], j + 1,
                               k + 1);
        memcpy(made.symbol[k], e->symbol, sizeof e->symbol);
        made.mass[k] = e->mass;
    }
    *species = made;
    return SG_OK;
}

int sg_species_find(const sg_species *species, const char *symbol)
{
    for (int k = 0; k < species->n; k++)
        if (strcmp(species->symbol[k], symbol) == 0) return k;
    return -1;
}

static const element *find_element(const char *symbol, int *number)
{
    for (int k = 0; k < N_ELEMENTS; k++) {
        if (strcmp(elements[k].symbol, symbol) == 0) {
            *number = k + 1;
            return &elements[k];
        }
    }
    return NULL;
}

const char *sg_element_symbol(int number)
{
    return number >= 1 && number <= N_ELEMENTS ? elements[number - 1].symbol : NULL;
}

const char *sg_element_label(int number)
{
    const char *symbol = sg_element_symbol(number);
    return symbol ? symbol : "?";
}
