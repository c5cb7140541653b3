/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ageing.png by gnuplot: energy per atom above the start's and shear stress against the logarithm of time, from trajectory.tsv.
 */
#include "run_internal.h"

#include <math.h>
#include <string.h>

/* One decade holds nothing: begin the time axis a third of a decade before the first event. */
static double first_time(sg_run_summary const *sum, double first)
{
    if (first > 0) return first / 3;
    return sum->last.time > 0 ? sum->last.time / 10 : 1e-12;
}

static void write_script(const sg_run *run, const sg_run_summary *sum, double begin, FILE *out)
{
    const sg_config *cfg = run->cfg;

    fprintf(out,
            "# gnuplot ageing.gp  draws ageing.png from trajectory.tsv\n"
            "set terminal pngcairo size 1000,820 font 'DejaVu Sans,13' background '#ffffff'\n"
            "set output 'ageing.png'\n"
            "set datafile separator tab\n"
            "set border 3 lc rgb '#555555' lw 1.2\n"
            "set tics nomirror out textcolor rgb '#333333'\n"
            "set grid lc rgb '#dddddd' lw 1 lt 1\n"
            "set logscale x\n"
            "set format x ''\n"
            "set mxtics 10\n"
            "unset key\n"
            "begin = %.6g\n"
            "end = %.6g\n"
            "set xrange [begin:end]\n"
            "n = %d\n"
            "e0 = %.12f\n"
            "t(x) = x > begin ? x : begin\n"
            "set lmargin 13\nset rmargin 3\n"
            "set multiplot\n",
            begin, sum->last.time * 1.05, sum->n_atoms, run->e_start);
    fprintf(out,
            "set label 1 'T = %g K,  {/Symbol g} = %g,  %d atoms,  %llu steps,  %llu events,  start at %.5f eV/atom' at graph "
            "0,1.07 font ',13' "
            "textcolor rgb '#222222'\n",
            cfg->kmc.temperature_K, cfg->strain.xy, sum->n_atoms, (unsigned long long)sum->last.step,
            (unsigned long long)sum->n_events, run->e_start / sum->n_atoms);
    fprintf(out,
            "set origin 0,0.5\nset size 1,0.5\nset tmargin 4\nset bmargin 1\n"
            "set ylabel 'E_{IS} - E_{IS}(0)  (meV/atom)' offset -1.5 textcolor rgb '#1f4e79'\n"
            "set format y '%%.2f'\n"
            "plot 'trajectory.tsv' using (t($2)):(1000*($3-e0)/n) every ::1 with steps lw 2.5 lc rgb '#1f4e79', \\\n"
            "     '' using (t($2)):(1000*($3-e0)/n) every ::1 with points pt 7 ps (%s) lc rgb '#1f4e79'\n"
            "unset label 1\n"
            "set origin 0,0\nset size 1,0.5\nset tmargin 1\nset bmargin 4\n"
            "set format x '10^{%%L}'\n"
            "set xlabel 'time  (s)' textcolor rgb '#333333'\n"
            "set ylabel '{/Symbol t}_{xy}  (GPa)' offset -1.5 textcolor rgb '#a33b20'\n"
            "set format y '%%.2f'\n"
            "plot 'trajectory.tsv' using (t($2)):4 every ::1 with steps lw 2.5 lc rgb '#a33b20', \\\n"
            "     '' using (t($2)):4 every ::1 with points pt 7 ps (%s) lc rgb '#a33b20'\n"
            "unset multiplot\n",
            sum->last.step < 100 ? "0.7" : "0", sum->last.step < 100 ? "0.7" : "0");
}

sg_status run_draw(const sg_run *run, const sg_run_summary *sum)
{
    sg_replace file = {0};
    sg_cat_step row = {0};
    char *path = run_path(run->folder, "ageing.gp");
    sg_status st = path ? sg_catalog_get_step(run->cat, 1, &row) : sg_fail(SG_ENOMEM, "ageing.gp");

    if (st == SG_OK) st = sg_io_replace_begin(&file, path);
    if (st == SG_OK) {
        write_script(run, sum, first_time(sum, row.time), file.file);
        st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    if (st == SG_OK) st = sg_io_gnuplot(path);
    sg_free(path);
    return st;
}
