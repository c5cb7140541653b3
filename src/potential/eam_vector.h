/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loops of the fast kernels, for any number of lanes: included by a file that has defined LANES, the
 * types vd vl vm ve and the few operations on them.
 *
 * Densities: the listed partners of an atom are filtered LANES at a time, those in range appended to a dense
 * row (kept for the forces); then LANES pairs at a time take their table rows, whole, and transpose them, so
 * that each coefficient of a cubic is one vector. Forces: the same over the dense rows. A pair enters as
 *
 *     dE = 2 (F_i' drho_i/ds + F_j' drho_j/ds + dphi/ds) d . dd,   s = d.d,  d = x_j - x_i.
 *
 * Lanes beyond the end of a row belong to a place far away, where all tables are zero. `same` marks the
 * variant for short rows (same density at both), known when it is compiled. All sums have a fixed order. */

enum { DENSITY = 0, DENSITY_HIGH = CUBIC * sizeof(double), PHI = 2 * CUBIC * sizeof(double) };
enum { PHI_OF_SHORT_ROW = CUBIC * sizeof(double) };

typedef struct seen {               /* tables as an atom sees them */
    int64_t offset[SG_MAX_SPECIES]; /* bytes to add for a pair with type 0, 1, .. */
} seen;

static void look_at_tables(const sg_eam_task *task, seen out[SG_MAX_SPECIES])
{
    const sg_eam_table *const t = task->table;
    const int64_t bytes = (int64_t)t->n_bins * t->row_doubles * (int64_t)sizeof(double);

    for (int i = 0; i < task->n_species; i++)
        for (int j = 0; j < SG_MAX_SPECIES; j++)
            out[i].offset[j] = (j < task->n_species ? sg_eam_type_pair(i, j) * bytes : 0) - t->first_byte;
}

static inline vd value(const vd c[4], vd p)
{
    return vd_fma(vd_fma(vd_fma(c[3], p, c[2]), p, c[1]), p, c[0]);
}

/* c1 + 2 c2 p + 3 c3 p^2, and the value (dropped by the compiler where it is not used) */
static inline vd slope(const vd c[4], vd p, vd *value_)
{
    const vd b = vd_fma(c[3], p, c[2]), d = vd_fma(c[3], p, b), b1 = vd_fma(b, p, c[1]);
    *value_ = vd_fma(b1, p, c[0]);
    return vd_fma(d, p, b1);
}

/* Partners of one row in range, appended to near and their squared distances to s; the last vector is filled
 * up. */
static inline int filter_row(sg_eam_task *task, int i, uint32_t nowhere, uint32_t *near, double *s_near)
{
    const double(*const x)[4] = (const double(*)[4])task->x;
    const vd xi = vd_all(x[i][0]), yi = vd_all(x[i][1]), zi = vd_all(x[i][2]), r2_max = vd_all(task->r2_max);
    const int64_t kept_end = task->first[i] + task->n_kept[i];
    int n = 0, kept = 0;

    for (int64_t k = task->first[i]; k < task->first[i + 1]; k += LANES) {
        vd c[4];
        load_places(x, task->entry + k, c);
        const vd dx = c[0] - xi, dy = c[1] - yi, dz = c[2] - zi;
        const vd s = vd_fma(dz, dz, vd_fma(dy, dy, dx * dx));
        n += append(vd_less(s, r2_max), ve_load(task->entry + k), s, near + n, s_near + n);
        kept = k < kept_end ? n : kept;
    }
    for (int k = n; k < n + SG_HALO_PAD; k++) {
        near[k] = nowhere;
        s_near[k] = task->table->s_end;
    }
    task->near_kept[i] = kept;
    return n;
}

/* Where the pairs of a row find their table rows, and where in these bins they lie. Done ahead for a whole
 * row, so that table rows can be fetched while others are being worked on. */
static inline void locate_row(const sg_eam_task *task, const seen *of, int n, const uint32_t *near)
{
    for (int k = 0; k < n; k += LANES) {
        vd p;
        const vl row = locate(task->table, vd_load(task->row.s + k), &p);
        vl_add_store(row, look_up(of->offset, ve_types(ve_load(near + k))), task->row.offset + k);
        vd_store(task->row.p + k, p);
    }
}

static inline void density_rows(sg_eam_task *task, const int same)
{
    const char *const rows = (const char *)task->table->row;
    const uint32_t nowhere = SG_HALO_ENTRY(task->n_places, 0);
    seen of[SG_MAX_SPECIES];
    int64_t at = 0;

    look_at_tables(task, of);
    for (int i = 0; i < task->n_rows; i++) {
        const int type = task->type[i];
        uint32_t *const near = task->near + at;
        const int n = filter_row(task, i, nowhere, near, task->row.s);
        vd rho_i = vd_all(0.0);
        locate_row(task, &of[type], n, near);
        for (int k = 0; k < n; k += LANES) {
            const vd p = vd_load(task->row.p + k);
            vd c[4];
            load_rows(rows + DENSITY, task->row.offset + k, c);
            vd at_i = value(c, p), at_j = at_i;
            if (!same) {
                const vm lower = vl_less_than(ve_types(ve_load(near + k)), type); /* the partner's type is */
                load_rows(rows + DENSITY_HIGH, task->row.offset + k, c);
                const vd at_high = value(c, p);
                at_j = vd_choose(lower, at_i, at_high);
                at_i = vd_choose(lower, at_high, at_i);
            }
            rho_i += at_i;
            add_places(task->density, near + k, at_j);
        }
        task->density[i] += vd_sum(rho_i);
        task->near_first[i] = at;
        task->near_count[i] = n;
        at += (n + SG_HALO_PAD - 1) / SG_HALO_PAD * SG_HALO_PAD;
    }
}

static void density_pass(sg_eam_task *task)
{
    if (task->table->same_density)
        density_rows(task, 1);
    else
        density_rows(task, 0);
}

/* Vectors of a dense row, F' of the partners, and where the pairs find their table rows. */
static inline void prepare_row(const sg_eam_task *task, const seen *of, int i, int n, const uint32_t *near)
{
    const double(*const x)[4] = (const double(*)[4])task->x;
    const vd xi = vd_all(x[i][0]), yi = vd_all(x[i][1]), zi = vd_all(x[i][2]);

    for (int k = 0; k < n; k += LANES) {
        vd c[4], p;
        load_places(x, near + k, c);
        const vd dx = c[0] - xi, dy = c[1] - yi, dz = c[2] - zi;
        const vl row = locate(task->table, vd_fma(dz, dz, vd_fma(dy, dy, dx * dx)), &p);
        vl_add_store(row, look_up(of->offset, ve_types(ve_load(near + k))), task->row.offset + k);
        vd_store(task->row.dx + k, dx);
        vd_store(task->row.dy + k, dy);
        vd_store(task->row.dz + k, dz);
        vd_store(task->row.slope + k, c[3]);
        vd_store(task->row.p + k, p);
    }
}

static inline void force_rows(sg_eam_task *task, const int same, const int whole)
{
    const char *const rows = (const char *)task->table->row, *const phi_rows =
                                                                 rows + (same ? PHI_OF_SHORT_ROW : PHI);
    const vd two = vd_all(2.0), zero = vd_all(0.0);
    vd xx = zero, yy = zero, zz = zero, xy = zero, xz = zero, yz = zero, energy = zero;
    seen of[SG_MAX_SPECIES];

    look_at_tables(task, of);
    for (int i = 0; i < task->n_rows; i++) {
        const int type = task->type[i], n = task->near_count[i], kept = task->near_kept[i];
        const uint32_t *const near = task->near + task->near_first[i];
        const vd slope_i = vd_all(task->x[i][3]);
        vd fx = zero, fy = zero, fz = zero;
        prepare_row(task, &of[type], i, n, near);
        for (int k = 0; k < n; k += LANES) {
            const vd p = vd_load(task->row.p + k), slope_j = vd_load(task->row.slope + k);
            vd c[4], phi, unused;
            load_rows(phi_rows, task->row.offset + k, c);
            vd g = slope(c, p, &phi);
            energy += phi;
            load_rows(rows + DENSITY, task->row.offset + k, c);
            const vd low = slope(c, p, &unused);
            if (same) {
                g = vd_fma(low, slope_i + slope_j, g);
            } else {
                const vm lower = vl_less_than(ve_types(ve_load(near + k)), type);
                load_rows(rows + DENSITY_HIGH, task->row.offset + k, c);
                g = vd_fma(low, vd_choose(lower, slope_j, slope_i), g);
                g = vd_fma(slope(c, p, &unused), vd_choose(lower, slope_i, slope_j), g);
            }
            g *= two;
            const vd dx = vd_load(task->row.dx + k), dy = vd_load(task->row.dy + k),
                     dz = vd_load(task->row.dz + k);
            const vd gx = g * dx, gy = g * dy, gz = g * dz;
            fx += gx;
            fy += gy;
            fz += gz;
            if (whole) {
                xx = vd_fma(gx, dx, xx);
                yy = vd_fma(gy, dy, yy);
                zz = vd_fma(gz, dz, zz);
                xy = vd_fma(gx, dy, xy);
                xz = vd_fma(gx, dz, xz);
                yz = vd_fma(gy, dz, yz);
            }
            if (whole || k < kept) subtract_places(task->f, near + k, gx, gy, gz);
        }
        task->f[i][0] += vd_sum(fx);
        task->f[i][1] += vd_sum(fy);
        task->f[i][2] += vd_sum(fz);
    }
    task->energy = vd_sum(energy);
    task->virial[0] = vd_sum(xx);
    task->virial[1] = vd_sum(yy);
    task->virial[2] = vd_sum(zz);
    task->virial[3] = vd_sum(xy);
    task->virial[4] = vd_sum(xz);
    task->virial[5] = vd_sum(yz);
}

static void force_pass(sg_eam_task *task)
{
    if (task->table->same_density && task->whole)
        force_rows(task, 1, 1);
    else if (task->table->same_density)
        force_rows(task, 1, 0);
    else if (task->whole)
        force_rows(task, 0, 1);
    else
        force_rows(task, 0, 0);
}

/* ---- Hessian times vector ----
 *
 * With w = v_j - v_i, e = d.w and the responses  r_i = sum_j A e  (r_j likewise with B),
 *
 *     (H v)_j = sum_i (A F_i'' r_i + B F_j'' r_j + K e) d + G w,   (H v)_i = the same with the other sign,
 *     A = 2 drho_i/ds,  B = 2 drho_j/ds,  G = 2 (F_i' drho_i/ds + F_j' drho_j/ds + dphi/ds),  K = 2 dG/ds at
 * fixed F'.
 *
 * These four are kept from one product to the next, in single precision: the rows of a call for 2000 atoms
 * then fit the second cache, and what is computed is still symmetric and blind to translations, being the
 * exact product with numbers that differ in the eighth digit. */

/* Slope of a cubic, and half its second derivative: c2 + 3 c3 p. */
static inline vd slope_and_bend(const vd c[4], vd p, vd *half_bend)
{
    const vd b = vd_fma(c[3], p, c[2]), d = vd_fma(c[3], p, b);
    *half_bend = vd_fma(c[3], p, d);
    return vd_fma(d, p, vd_fma(b, p, c[1]));
}

enum { OF_DX = 0, OF_DY = SG_HALO_PAD, OF_DZ = 2 * SG_HALO_PAD, OF_A = 3 * SG_HALO_PAD };
enum { OF_B = 4 * SG_HALO_PAD, OF_K = 5 * SG_HALO_PAD, OF_G = 6 * SG_HALO_PAD };

static inline float *coefficients_at(const sg_eam_task *task, int64_t at)
{
    return task->coefficient + at / SG_HALO_PAD * (N_COEFFICIENTS * SG_HALO_PAD) + at % SG_HALO_PAD;
}

static inline void coefficient_rows(sg_eam_task *task, const int same)
{
    const char *const rows = (const char *)task->table->row, *const phi_rows =
                                                                 rows + (same ? PHI_OF_SHORT_ROW : PHI);
    const vd two = vd_all(2.0);
    seen of[SG_MAX_SPECIES];

    look_at_tables(task, of);
    for (int i = 0; i < task->n_rows; i++) {
        const int type = task->type[i], n = task->near_count[i];
        const uint32_t *const near = task->near + task->near_first[i];
        const vd slope_i = vd_all(task->x[i][3]);
        prepare_row(task, &of[type], i, n, near);
        for (int k = 0; k < n; k += LANES) {
            const vd p = vd_load(task->row.p + k), slope_j = vd_load(task->row.slope + k);
            float *const out = coefficients_at(task, task->near_first[i] + k);
            vd c[4], bend, more;
            load_rows(phi_rows, task->row.offset + k, c);
            vd g = slope_and_bend(c, p, &bend);
            load_rows(rows + DENSITY, task->row.offset + k, c);
            vd at_i = slope_and_bend(c, p, &more), at_j = at_i;
            if (same) {
                bend = vd_fma(more, slope_i + slope_j, bend);
            } else {
                const vm lower = vl_less_than(ve_types(ve_load(near + k)), type);
                bend = vd_fma(more, vd_choose(lower, slope_j, slope_i), bend);
                load_rows(rows + DENSITY_HIGH, task->row.offset + k, c);
                const vd high = slope_and_bend(c, p, &more);
                bend = vd_fma(more, vd_choose(lower, slope_i, slope_j), bend);
                at_j = vd_choose(lower, at_i, high);
                at_i = vd_choose(lower, high, at_i);
            }
            g = vd_fma(at_i, slope_i, vd_fma(at_j, slope_j, g));
            vf_store(out + OF_DX, vd_load(task->row.dx + k));
            vf_store(out + OF_DY, vd_load(task->row.dy + k));
            vf_store(out + OF_DZ, vd_load(task->row.dz + k));
            vf_store(out + OF_A, two * at_i);
            vf_store(out + OF_B, two * at_j);
            vf_store(out + OF_K, vd_all(8.0) * bend);
            vf_store(out + OF_G, two * g);
        }
    }
}

static void coefficient_pass(sg_eam_task *task)
{
    if (task->table->same_density)
        coefficient_rows(task, 1);
    else
        coefficient_rows(task, 0);
}

static void response_pass(sg_eam_task *task)
{
    const double(*const v)[4] = (const double(*)[4])task->v;

    for (int i = 0; i < task->n_rows; i++) {
        const vd ui = vd_all(v[i][0]), vi = vd_all(v[i][1]), wi = vd_all(v[i][2]);
        const uint32_t *const near = task->near + task->near_first[i];
        const int kept = task->near_kept[i];
        vd at_i = vd_all(0.0);
        for (int k = 0; k < task->near_count[i]; k += LANES) {
            const float *const of = coefficients_at(task, task->near_first[i] + k);
            vd w[4] = {vd_all(0.0), vd_all(0.0), vd_all(0.0)}; /* frozen partners */
            if (k < kept) load_places(v, near + k, w);
            const vd xy = vd_fma(vf_load(of + OF_DY), w[1] - vi, vf_load(of + OF_DX) * (w[0] - ui));
            const vd e = vd_fma(vf_load(of + OF_DZ), w[2] - wi, xy);
            at_i = vd_fma(vf_load(of + OF_A), e, at_i);
            add_places(task->response, near + k, vf_load(of + OF_B) * e);
        }
        task->response[i] += vd_sum(at_i);
    }
}

static void product_pass(sg_eam_task *task)
{
    const double(*const v)[4] = (const double(*)[4])task->v;

    for (int i = 0; i < task->n_rows; i++) {
        const vd ui = vd_all(v[i][0]), vi = vd_all(v[i][1]), wi = vd_all(v[i][2]), qi = vd_all(v[i][3]);
        const uint32_t *const near = task->near + task->near_first[i];
        const int kept = task->near_kept[i];
        vd fx = vd_all(0.0), fy = fx, fz = fx;
        for (int k = 0; k < task->near_count[i]; k += LANES) {
            const float *const of = coefficients_at(task, task->near_first[i] + k);
            const vd dx = vf_load(of + OF_DX), dy = vf_load(of + OF_DY), dz = vf_load(of + OF_DZ);
            vd w[4] = {vd_all(0.0), vd_all(0.0), vd_all(0.0)};
            if (k < kept)
                load_places(v, near + k, w);
            else
                w[3] = load_fourth(v, near + k);
            const vd wx = w[0] - ui, wy = w[1] - vi, wz = w[2] - wi, g = vf_load(of + OF_G);
            const vd e = vd_fma(dz, wz, vd_fma(dy, wy, dx * wx));
            const vd along =
                vd_fma(vf_load(of + OF_A), qi, vd_fma(vf_load(of + OF_B), w[3], vf_load(of + OF_K) * e));
            const vd gx = vd_fma(along, dx, g * wx), gy = vd_fma(along, dy, g * wy);
            const vd gz = vd_fma(along, dz, g * wz);
            fx += gx;
            fy += gy;
            fz += gz;
            if (k < kept) subtract_places(task->f, near + k, gx, gy, gz);
        }
        task->f[i][0] += vd_sum(fx);
        task->f[i][1] += vd_sum(fy);
        task->f[i][2] += vd_sum(fz);
    }
}
