/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other way to a prefactor: Hessians of all atoms by central differences of the plain kernel's forces,
 * all eigenvalues by LAPACK, the product of frequencies one by one. Nothing of module vibration is used.
 *
 *     twin STRUCTURE POTENTIAL ELEMENT,.. CATALOG EDGE STEP_A
 *
 * prints the prefactor of the edge's way there and back, 1/s. */
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slowglass/event.h"
#include "slowglass/io.h"

typedef const double (*positions)[3];

static void must(sg_status st)
{
    if (st == SG_OK) return;
    fprintf(stderr, "twin: %s\n", sg_error_text());
    exit(1);
}

/* Sum of ln f over all but the three smallest eigenvalues (translations) and the negative one; f in 1/s. */
static double log_frequencies(const sg_potential *pot, sg_system *s, double step, int n_negative)
{
    const double unit = sqrt(1.602176634e-19 / (1e-20 * 1.66053906660e-27)) / (2 * 3.14159265358979323846);
    const int m = 3 * s->n;
    double *h = calloc((size_t)m * (size_t)m, sizeof *h), *value = calloc((size_t)m, sizeof *value), sum = 0;
    double(*f)[3] = calloc((size_t)s->n, sizeof *f);
    sg_forces out = {.f = f};
    sg_potential_work *work = NULL;
    int seen = 0, zero = 0;

    must(sg_potential_work_create(pot, &work));
    for (int c = 0; c < m; c++)
        for (int side = -1; side <= 1; side += 2) {
            double *const x = &s->x[c / 3][c % 3], before = *x;
            *x = before + side * step;
            must(sg_potential_compute(pot, work, s, NULL, &out));
            *x = before;
            for (int k = 0; k < m; k++)
                h[(size_t)c * (size_t)m + (size_t)k] -= side * f[k / 3][k % 3] / (2 * step);
        }
    for (int i = 0; i < m; i++)
        for (int j = 0; j <= i; j++) {
            double *const a = &h[(size_t)i * (size_t)m + (size_t)j],
                          *const b = &h[(size_t)j * (size_t)m + (size_t)i];
            *a = *b =
                0.5 * (*a + *b) / sqrt(s->species.mass[s->type[i / 3]] * s->species.mass[s->type[j / 3]]);
        }
    if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'N', 'L', m, h, m, value) != 0) exit(1);
    for (int k = 0; k < m; k++) {
        if (fabs(value[k]) < 1e-8)
            zero++;
        else if (value[k] < 0)
            seen++;
        else
            sum += log(sqrt(value[k]) * unit);
    }
    if (zero != 3 || seen != n_negative) {
        fprintf(stderr, "twin: %d zero and %d negative eigenvalues\n", zero, seen);
        exit(1);
    }
    free(h);
    free(value);
    free(f);
    sg_potential_work_free(work);
    return sum;
}

int main(int argc, char **argv)
{
    const char *element[SG_MAX_SPECIES];
    int n = 0;
    sg_system *s = NULL;
    sg_potential *pot = NULL;
    sg_catalog *cat = NULL;
    sg_cat_edge e;
    sg_cat_state from, to;
    double sum[3];

    if (argc != 7) return 2;
    for (char *word = strtok(argv[3], ","); word && n < SG_MAX_SPECIES; word = strtok(NULL, ","))
        element[n++] = word;
    must(sg_io_read_structure(argv[1], n, element, &s, NULL));
    must(sg_potential_create(argv[2], NULL, n, element, &pot));
    must(sg_potential_set_kernel(pot, SG_KERNEL_PLAIN));
    must(sg_catalog_open(argv[4], 0, NULL, &cat));
    must(sg_catalog_get_edge(cat, strtoull(argv[5], NULL, 10), &e));
    must(sg_catalog_get_state(cat, e.from, &from));
    must(sg_catalog_get_state(cat, e.to, &to));
    must(sg_system_set_strain(s, from.gamma));
    double(*x)[3] = calloc((size_t)s->n, sizeof *x);
    sg_event_saddle(s, &e, 0, (positions)from.x, (positions)to.x, (positions)from.x, x);
    const positions at[3] = {(positions)from.x, (positions)x, (positions)to.x};
    for (int k = 0; k < 3; k++) {
        memcpy(s->x, at[k], (size_t)s->n * sizeof *s->x);
        sum[k] = log_frequencies(pot, s, atof(argv[6]), k == 1);
    }
    printf("%.9g %.9g\n", exp(sum[0] - sum[1]), exp(sum[2] - sum[1]));
    return 0;
}
