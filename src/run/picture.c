/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ageing.png by gnuplot: energy per atom and shear stress against the logarithm of time, from trajectory.tsv.
 * While a run goes on a picture is drawn beside it, at moments that are spaced like its decades; the run
 * never waits for it. */
#include "run_internal.h"

#include <math.h>
#include <string.h>

/* One decade holds nothing: begin the time axis a third of a decade before the first event. */
static double first_time(sg_run_summary const *sum, double first)
{
    if (first > 0) return first / 3;
    return sum->last.time > 0 ? sum->last.time / 10 : 1e-12;
}

static const char head[] = "set terminal pngcairo size 1000,800 font 'DejaVu Sans,13' background '#ffffff'\n"
                           "set output 'ageing.png'\n"
                           "set datafile separator tab\n"
                           "set border 3 lc rgb '#666666' lw 1.2\n"
                           "set tics nomirror out textcolor rgb '#333333'\n"
                           "set grid lc rgb '#e2e2e2' lw 1 lt 1\n"
                           "unset key\n"
                           "file = 'trajectory.tsv'\n"
                           "t(x) = x > begin ? x : begin   # the start, at t = 0, stands at the left edge\n"
                           "digits(a, b) = b - a > 0 ? ceil(-log10((b - a) / 4)) : 4\n"
                           "places(a, b) = sprintf('%%.%df', digits(a, b) > 0 ? digits(a, b) : 0)\n"
                           "# no panel shows less than `least`: noise does not fill it\n"
                           "low(a, b, least) = b - a < least ? (a + b - least) / 2 : a - 0.06 * (b - a)\n"
                           "high(a, b, least) = b - a < least ? (a + b + least) / 2 : b + 0.06 * (b - a)\n"
                           "stats file using (1e3*($3-e0)/n) every ::1 nooutput name 'E'\n"
                           "stats file using 4 every ::1 nooutput name 'S'\n"
                           "set logscale x\nset mxtics 10\nset xrange [begin:end]\n"
                           "set lmargin 13\nset rmargin 3\n"
                           "set multiplot\n";

static const char panels[] =
    "set origin 0,0.48\nset size 1,0.52\nset tmargin 4.5\nset bmargin 1\n"
    "set format x ''\n"
    "a = low(E_min, E_max, 2e-2)\nb = high(E_min, E_max, 2e-2)\n"
    "set yrange [a:b]\nset format y places(a, b)\n"
    "set ylabel '{/Symbol D}E_{IS} per atom  (meV)' offset -1.5 textcolor rgb '#1f4e79'\n"
    "plot file using (t($2)):(1e3*($3-e0)/n) every ::1 with steps lw 2.5 lc rgb '#1f4e79', \\\n"
    "     file using (t($2)):(1e3*($3-e0)/n) every ::1 with points pt 7 ps dot lc rgb '#1f4e79'\n"
    "unset label\n"
    "set origin 0,0\nset size 1,0.48\nset tmargin 1\nset bmargin 4\n"
    "set format x '10^{%L}'\nset xlabel 'time  (s)' textcolor rgb '#333333'\n"
    "a = low(S_min, S_max, 1e-3)\nb = high(S_min, S_max, 1e-3)\n"
    "set yrange [a:b]\nset format y places(a, b)\n"
    "set ylabel 'shear stress {/Symbol t}_{xy}  (GPa)' offset -1.5 textcolor rgb '#a33b20'\n"
    "plot file using (t($2)):4 every ::1 with steps lw 2.5 lc rgb '#a33b20', \\\n"
    "     file using (t($2)):4 every ::1 with points pt 7 ps dot lc rgb '#a33b20'\n"
    "unset multiplot\n";

static void write_script(const sg_run *run, const sg_run_summary *sum, double begin, FILE *out)
{
    const sg_config *cfg = run->cfg;

    fprintf(out,
            "# gnuplot ageing.gp draws ageing.png from trajectory.tsv\nn = %d\ne0 = %.17g\nbegin = %.6g\nend "
            "= %.6g\ndot "
            "= %s\n",
            sum->n_atoms, run->e_start, begin, sum->last.time * 1.1, sum->last.step < 200 ? "0.6" : "0");
    fputs(head, out);
    fprintf(out,
            "set label 1 'Ageing of %d atoms at %g K' at graph 0,1.17 font ',16' textcolor rgb '#222222'\n"
            "set label 2 'imposed shear strain {/Symbol g} = %g, %llu steps, %llu events known, %llu states; "
            "start at %.5f eV per atom' "
            "at graph 0,1.06 "
            "font ',12' textcolor rgb '#666666'\n",
            sum->n_atoms, cfg->kmc.temperature_K, cfg->strain.xy, (unsigned long long)sum->last.step,
            (unsigned long long)sum->n_events, (unsigned long long)sum->n_states,
            run->e_start / sum->n_atoms);
    fputs(panels, out);
}

static sg_status write_picture_script(const sg_run *run, const sg_run_summary *sum, char **path)
{
    sg_replace file = {0};
    sg_cat_step row = {0};
    sg_status st;

    *path = run_path(run->folder, "ageing.gp");
    st = *path ? sg_catalog_get_step(run->cat, 1, &row) : sg_fail(SG_ENOMEM, "ageing.gp");
    if (st == SG_OK) st = sg_io_replace_begin(&file, *path);
    if (st == SG_OK) {
        write_script(run, sum, first_time(sum, row.time), file.file);
        st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    return st;
}

sg_status run_draw(const sg_run *run, const sg_run_summary *sum)
{
    char *path = NULL;
    sg_status st = write_picture_script(run, sum, &path);

    if (st == SG_OK) st = sg_io_gnuplot(path);
    sg_free(path);
    return st;
}

/* --- beside the run --- */

static const double first_picture = 10.0,
                    spacing = 1.5; /* s; each after 1.5 times the wall time of the last */
enum { DRAWING_LIMIT = 60 };       /* s, then it is ended */

static void give_up(sg_run *run)
{
    sg_log_line(run->log, SG_LOG_WARNING, "no pictures while the run goes on: %s", sg_error_text());
    run->drawing.gave_up = 1;
}

static void draw_beside(sg_run *run)
{
    const sg_run_summary sum = {.last = sg_kmc_row(run->walk),
                                .n_states = sg_explorer_n_states(run->ex),
                                .n_events = sg_explorer_n_edges(run->ex),
                                .n_atoms = run->sys->n};
    char *path = NULL;
    sg_status st = projections_flush(run);

    if (st == SG_OK) st = write_picture_script(run, &sum, &path);
    if (st == SG_OK) st = sg_io_gnuplot_begin(path, DRAWING_LIMIT, &run->drawing.child);
    if (st != SG_OK) give_up(run);
    sg_free(path);
}

void picture_look(sg_run *run)
{
    drawing *d = &run->drawing;
    const double now = run_now_s();

    if (!run->cfg->output.picture || d->gave_up) return;
    if (d->child != 0) {
        const sg_status st = sg_io_gnuplot_look(&d->child, 0);
        if (st != SG_OK) give_up(run);
        return;
    }
    if (!(d->next_s > 0)) d->next_s = now + first_picture;
    if (now < d->next_s || sg_kmc_row(run->walk).step < 2) return;
    d->next_s = run->begin_s + spacing * (now - run->begin_s);
    if (d->next_s < now + first_picture) d->next_s = now + first_picture;
    draw_beside(run);
}

void picture_end(sg_run *run)
{
    if (run->drawing.child != 0) (void)sg_io_gnuplot_look(&run->drawing.child, 1);
}
