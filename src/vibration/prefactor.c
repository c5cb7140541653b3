/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spectra of single configurations, and the three that make a prefactor and that of the way back. All
 * determinants of one event are those of the same atoms, so that nothing but logarithms of numbers of the
 * same kind is subtracted. */
#include <math.h>
#include <string.h>

#include "vibration_internal.h"

typedef const double (*positions)[3];

static const double EV_J = 1.602176634e-19, AMU_KG = 1.66053906660e-27; /* exact; CODATA 2018 */

double sg_vibration_unit(void)
{
    return sqrt(EV_J / (1e-20 * AMU_KG)) / (2.0 * SG_PI);
}

const char *sg_nu_text(int status)
{
    switch (status) {
#define X(code, number, text)                                                                                \
    case number:                                                                                             \
        return text;
        SG_PREFACTOR_LIST(X)
#undef X
    }
    return "?";
}

/* ---- scratch ---- */

sg_status sg_vibration_work_create(const sg_potential *pot, const sg_system *like, sg_vibration_work **out)
{
    const size_t n = (size_t)like->n;
    sg_vibration_work *w = sg_calloc(1, sizeof *w);
    sg_status st = SG_OK;

    *out = NULL;
    if (!w) return sg_fail(SG_ENOMEM, "scratch of vibrations");
    if ((st = sg_system_copy(like, &w->sys)) != SG_OK) goto done;
    if ((st = sg_potential_work_create(pot, &w->forces)) != SG_OK) goto done;
    w->member = sg_calloc(n, sizeof *w->member);
    w->atom = sg_calloc(n, sizeof *w->atom);
    w->order = sg_calloc(n, sizeof *w->order);
    w->distance = sg_calloc(n, sizeof *w->distance);
    w->along = sg_calloc(n, sizeof *w->along);
    w->root_mass = sg_calloc(n, sizeof *w->root_mass);
    w->rigid = sg_calloc(RIGID_MAX * 3 * n, sizeof *w->rigid);
    w->vector = sg_calloc((KRYLOV_MAX + 1) * 3 * n, sizeof *w->vector);
    if (!w->member || !w->atom || !w->order || !w->distance || !w->along || !w->root_mass || !w->rigid ||
        !w->vector) {
        st = sg_fail(SG_ENOMEM, "scratch of vibrations of %d atoms", like->n);
        goto done;
    }
    *out = w;
    w = NULL;
done:
    sg_vibration_work_free(w);
    return st;
}

void sg_vibration_work_free(sg_vibration_work *w)
{
    if (!w) return;
    sg_system_free(w->sys);
    sg_potential_work_free(w->forces);
    sg_free(w->member);
    sg_free(w->atom);
    sg_free(w->order);
    sg_free(w->distance);
    sg_free(w->along);
    sg_free(w->root_mass);
    sg_free(w->rigid);
    sg_free(w->vector);
    sg_free(w->memory);
    sg_free(w->pivot);
    sg_free(w);
}

const sg_force_calls *sg_vibration_work_calls(const sg_vibration_work *w)
{
    return sg_potential_calls(w->forces);
}

/* ---- spectra ---- */

static sg_status unstable_of(sg_vibration_work *w, const sg_atom_set *set, int n_free, positions along,
                             double *value)
{
    double *const start = w->vector;

    for (int k = 0; k < n_free; k++)
        for (int a = 0; a < 3; a++)
            start[3 * k + a] = w->root_mass[k] * along[set ? set->atom[k] : k][a];
    return matrix_unstable(w, 3 * n_free, start, value);
}

sg_status sg_vibration_spectrum(const sg_potential *pot, sg_vibration_work *w, const sg_system *sys,
                                const sg_atom_set *set, positions along, sg_spectrum *out)
{
    const int n_free = set ? set->n : sys->n;
    double shift;

    *out = (sg_spectrum){.n_free = n_free, .log_det = NAN, .unstable = NAN};
    sg_potential_work_reset(w->forces); /* the result depends on what is given alone */
    sg_status st = matrix_make(pot, w, sys, set, &out->n_zero, &shift);
    if (st == SG_OK) st = matrix_factorise(w, 3 * n_free, &out->log_det, &out->n_negative);
    if (st != SG_OK) return st;
    for (int k = 0; k < out->n_zero; k++)
        out->log_det -= log(shift);
    if (!along || out->n_negative != 1) return SG_OK;
    return unstable_of(w, set, n_free, along, &out->unstable);
}

/* ---- prefactors ---- */

/* The first n_free of w->order; NULL when these are all atoms there are. */
static const sg_atom_set *choose(sg_vibration_work *w, const sg_system *like, int n_free, sg_atom_set *set)
{
    if (n_free >= like->n) return NULL;
    memset(w->member, 0, (size_t)like->n);
    for (int k = 0; k < n_free; k++)
        w->member[w->order[k]] = 1;
    *set = (sg_atom_set){0, w->atom, w->member};
    for (int i = 0; i < like->n; i++)
        if (w->member[i]) w->atom[set->n++] = i;
    return set;
}

static sg_status spectrum_at(const sg_potential *pot, sg_vibration_work *w, positions x,
                             const sg_atom_set *set, positions along, sg_spectrum *out)
{
    memcpy(w->sys->x, x, (size_t)w->sys->n * sizeof *x);
    return sg_vibration_spectrum(pot, w, w->sys, set, along, out);
}

/* The saddle first: where it is none, the minima are not looked at. */
static sg_status compute(const sg_potential *pot, sg_vibration_work *w, const sg_vibration_event *e,
                         const sg_atom_set *set, sg_prefactor *out)
{
    sg_spectrum saddle, start, final;
    sg_status st;

    if (!(sg_system_displacement(w->sys, e->x_start, e->x_final, w->along, NULL) > 0.0)) /* a self loop */
        sg_system_displacement(w->sys, e->x_start, e->x_saddle, w->along, NULL);
    st = spectrum_at(pot, w, e->x_saddle, set, (positions)w->along, &saddle);
    if (st != SG_OK) return st;
    out->status = SG_NU_NOT_SADDLE;
    if (saddle.n_negative != 1) return SG_OK;
    out->unstable = sqrt(-saddle.unstable) * sg_vibration_unit();
    if ((st = spectrum_at(pot, w, e->x_start, set, NULL, &start)) != SG_OK) return st;
    out->status = SG_NU_NOT_MINIMUM;
    if (start.n_negative != 0) return SG_OK;
    if ((st = spectrum_at(pot, w, e->x_final, set, NULL, &final)) != SG_OK) return st;
    out->status = SG_NU_NOT_FINAL;
    if (final.n_negative != 0) return SG_OK;
    out->nu = out->unstable * exp(0.5 * (start.log_det - saddle.log_det));
    out->nu_back = out->unstable * exp(0.5 * (final.log_det - saddle.log_det));
    out->status = isnormal(out->nu) && isnormal(out->nu_back) ? SG_NU_DONE : SG_NU_BLOWN;
    return SG_OK;
}

sg_status sg_vibration_prefactor(const sg_potential *pot, sg_vibration_work *w, const sg_system *like,
                                 const sg_vibration_event *event, int n_free, sg_prefactor *out)
{
    sg_atom_set members;
    int n_movable;
    sg_status st = sg_vibration_order(like, event->x_start, event->x_saddle, event->x_final, w->order,
                                      w->distance, &n_movable);

    *out = (sg_prefactor){.nu = NAN, .nu_back = NAN, .unstable = NAN};
    if (st != SG_OK) return st;
    out->n_free = n_free > 0 && n_free < n_movable ? n_free : n_movable;
    w->sys->cell = like->cell; /* its strain may be another one than when the work was created */
    st = compute(pot, w, event, choose(w, like, out->n_free, &members), out);
    if (st == SG_ENUMERIC) { /* a configuration that blows up has no prefactor; the run goes on */
        out->status = SG_NU_BLOWN;
        st = SG_OK;
    }
    return st;
}
