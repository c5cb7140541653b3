/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structure files: what is understood, what is refused and in which words, what is written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/io.h"

#define assert_close(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static char folder[] = "/tmp/slowglass-io-XXXXXX";
static char file_name[128];
static const char *const cuzr[] = {"Cu", "Zr"};

static const char *in_folder(const char *name)
{
    snprintf(file_name, sizeof file_name, "%s/%s", folder, name);
    return file_name;
}

static const char *put(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return file_name;
}

static char *whole_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);

    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

static sg_system *read_good(const char *name, const char *text, int n_elements)
{
    sg_system *sys;
    const sg_status st = sg_io_read_structure(put(name, text), n_elements, cuzr, &sys, NULL);

    if (st != SG_OK) print_error("%s\n", sg_error_text());
    assert_int_equal(st, SG_OK);
    return sys;
}

#define CUBE "Lattice=\"10 0 0 0 10 0 0 0 10\" "

static void extxyz_columns_in_any_order(void **state)
{
    sg_system *sys = read_good("a.xyz",
                               "2\nname=\"a glass\" gamma=0.1 unknown Lattice=\"10 0 0 1.8 8 0 0 0 9\" "
                               "Properties=forces:R:3:id:I:1:pos:R:3:move_mask:I:1:species:S:1:q:R:1 "
                               "pbc=\"T F 1\" h0=\"10 0 0 1 8 0 0 0 9\" energy=-3.5\r\n"
                               "9 9 9 7 1 2 3 1 Zr 0.5\r\n 8 8 8 3 -4 5e1 6 0 Cu -1\n",
                               2);
    (void)state;
    assert_int_equal(sys->n, 2);
    assert_int_equal(sys->id[0], 7);
    assert_int_equal(sys->id[1], 3);
    assert_int_equal(sys->type[0], 1);
    assert_int_equal(sys->type[1], 0);
    assert_int_equal(sys->fixed[0], 0);
    assert_int_equal(sys->fixed[1], 1);
    assert_int_equal(sys->n_fixed, 1);
    assert_close(sys->x[1][1], 50.0, 0.0);
    assert_close(sys->x[1][0], -4.0, 0.0);
    assert_close(sys->cell.gamma, 0.1, 0.0);
    assert_close(sys->cell.h0[1][0], 1.0, 0.0);
    assert_close(sys->cell.h[1][0], 1.8, 1e-15);
    assert_int_equal(sys->cell.periodic[0], 1);
    assert_int_equal(sys->cell.periodic[1], 0);
    sg_system_free(sys);
}

static void extxyz_defaults(void **state)
{
    sg_system *sys = read_good("a.extxyz", "\n2\n" CUBE "\nZr 1 2 3\nCu 4 5 6\n", 0);

    (void)state;
    assert_int_equal(sys->type[0], 0); /* order of first appearance */
    assert_string_equal(sys->species.symbol[0], "Zr");
    assert_string_equal(sys->species.symbol[1], "Cu");
    assert_int_equal(sys->id[1], 2);
    assert_close(sys->cell.h0[2][2], 10.0, 0.0);
    assert_close(sys->cell.gamma, 0.0, 0.0);
    assert_int_equal(sys->cell.periodic[2], 1);
    sg_system_free(sys);
}

static void data_is_unwrapped_shifted_sorted(void **state)
{
    sg_system *sys = read_good("a.data",
                               "made by hand\n\n3 atoms # three\n0 bonds\n2 atom types\n"
                               "-1.0 9.0 xlo xhi\n2 10 ylo yhi\n0 9 zlo zhi\n1.0 0.5 -0.5 xy xz yz\n\n"
                               "Masses\n\n1 63.55 # Cu\n2 91.2\n\nPair Coeffs # eam\n\n1 2.0\n2 3.0\n\n"
                               "Atoms # atomic\n\n3 1 0 3 1 0 0 0\n1 2 1.5 4 2 1 -1 2\n2 1 8 9 8.5 0 0 0\n\n"
                               "Velocities\n\n1 0 0 0\n2 0 0 0\n3 0 0 0\n",
                               2);
    (void)state;
    assert_int_equal(sys->n, 3);
    assert_int_equal(sys->id[0], 1);
    assert_int_equal(sys->id[2], 3);
    assert_int_equal(sys->type[0], 1);
    /* (1.5, 4, 2) - (-1, 2, 0) + 1 (10,0,0) - 1 (1,8,0) + 2 (0.5,-0.5,9) */
    assert_close(sys->x[0][0], 2.5 + 10.0 - 1.0 + 1.0, 1e-14);
    assert_close(sys->x[0][1], 2.0 - 8.0 - 1.0, 1e-14);
    assert_close(sys->x[0][2], 20.0, 1e-14);
    assert_close(sys->cell.h[2][0], 0.5, 0.0);
    sg_system_free(sys);
}

static void dumps_in_all_coordinates(void **state)
{
    static const char head[] = "ITEM: UNITS\nmetal\nITEM: TIMESTEP\n5\nITEM: NUMBER OF ATOMS\n2\n"
                               "ITEM: BOX BOUNDS xy xz yz pp pp ff\n-1.5 10 1\n0.5 9 -0.5\n0 9 0.5\n";
    /* xlo = -1.5 - min(0, 1, -0.5, 0.5) = -1, xhi = 10 - 1 = 9; ylo = 0.5, yhi = 8.5 */
    static const char *const columns[] = {
        "ITEM: ATOMS id type xu yu zu\n2 1 0 0 0\n1 2 12 4.5 9\n",
        "ITEM: ATOMS type id x y z c_pe ix iy iz\n1 2 0 0 0 -3 0 0 0\n2 1 2.5 4 0 -4 1 0 1\n",
        "ITEM: ATOMS id type xsu ysu zsu\n2 1 0.10625 -0.0625 0\n1 2 1.30625 0.4375 1\n",
        "ITEM: ATOMS iz iy ix zs ys xs id type\n0 0 0 0 -0.0625 0.10625 2 1\n0 0 1 1 0.4375 0.30625 1 2\n",
    };

    (void)state;
    for (int k = 0; k < 4; k++) {
        char text[1000];
        snprintf(text, sizeof text, "%s%s", head, columns[k]);
        sg_system *sys = read_good("a.lammpstrj", text, 2);
        assert_close(sys->cell.h[0][0], 10.0, 1e-14);
        assert_close(sys->cell.h[1][1], 8.0, 1e-14);
        assert_close(sys->cell.h[1][0], 1.0, 1e-14);
        assert_close(sys->cell.h[2][0], -0.5, 1e-14);
        assert_close(sys->cell.h[2][1], 0.5, 1e-14);
        assert_int_equal(sys->cell.periodic[1], 1);
        assert_int_equal(sys->cell.periodic[2], 0);
        assert_int_equal(sys->id[0], 1);
        assert_int_equal(sys->type[0], 1);
        const double x0[3] = {13.0, 4.0, 9.0}, x1[3] = {1.0, -0.5, 0.0};
        for (int j = 0; j < 3; j++) {
            assert_close(sys->x[0][j], x0[j], 1e-12);
            assert_close(sys->x[1][j], x1[j], 1e-12);
        }
        sg_system_free(sys);
    }
}

static void general_cells_are_rotated(void **state)
{
    const double x[3][3] = {{1.0, 2.0, 3.0}, {-4.0, 0.5, 6.0}, {2.5, -2.5, 9.0}};
    /* right-handed and left-handed, a along no axis */
    static const char *const lattice[] = {"1 9 2 -8 2 1 1 -2 10", "-8 2 1 1 9 2 1 -2 10"};

    (void)state;
    for (int k = 0; k < 2; k++) {
        char text[1000], *note = NULL;
        double h[3][3];
        sg_system *sys;
        snprintf(text, sizeof text, "3\nLattice=\"%s\"\nCu 1 2 3\nCu -4 0.5 6\nZr 2.5 -2.5 9\n", lattice[k]);
        assert_int_equal(sg_io_read_structure(put("g.xyz", text), 2, cuzr, &sys, &note), SG_OK);
        assert_non_null(note);
        assert_non_null(strstr(note, "rotated"));
        sg_free(note);
        sscanf(lattice[k], "%lf %lf %lf %lf %lf %lf %lf %lf %lf", &h[0][0], &h[0][1], &h[0][2], &h[1][0],
               &h[1][1], &h[1][2], &h[2][0], &h[2][1], &h[2][2]);
        assert_close(sys->cell.h[0][1], 0.0, 0.0);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j <= i; j++) { /* distances between atoms, over several images */
                for (int image = 0; image < 27; image++) {
                    const int n[3] = {image / 9 - 1, image / 3 % 3 - 1, (image % 3 - 1)};
                    double r2 = 0.0, q2 = 0.0;
                    for (int c = 0; c < 3; c++) {
                        const double sign = k == 1 ? -1.0 : 1.0; /* c turned round in the left-handed cell */
                        const double r =
                            x[i][c] - x[j][c] + n[0] * h[0][c] + n[1] * h[1][c] + sign * n[2] * h[2][c];
                        double q = sys->x[i][c] - sys->x[j][c];
                        for (int v = 0; v < 3; v++)
                            q += n[v] * sys->cell.h[v][c];
                        r2 += r * r;
                        q2 += q * q;
                    }
                    assert_close(r2, q2, 1e-11);
                }
            }
        }
        sg_system_free(sys);
    }
}

static void rounding_above_the_diagonal_is_no_rotation(void **state)
{
    char *note;
    sg_system *sys;

    (void)state;
    assert_int_equal(
        sg_io_read_structure(put("r.xyz", "1\nLattice=\"9 1e-16 0 1 9 -2e-15 0 0 9\"\nCu 1 2 3\n"), 2, cuzr,
                             &sys, &note),
        SG_OK);
    assert_null(note);
    assert_close(sys->cell.h0[0][1], 0.0, 0.0);
    assert_close(sys->x[0][1], 2.0, 0.0);
    sg_system_free(sys);
}

static void bad_files_are_named_by_line(void **state)
{
    static const struct {
        const char *name, *text, *expect;
        sg_status status;
    } bad[] = {
        {"e.xyz", "", "empty file", SG_EPARSE},
        {"e.xyz", "two\n\n", "e.xyz:1: expected the number of atoms alone, got \"two\"", SG_EPARSE},
        {"e.xyz", "0\n" CUBE "\n", "e.xyz:1: expected at least 1 atom, got 0", SG_EPARSE},
        {"e.xyz", "2000000000\n" CUBE "\nCu 1 1 1\n", "e.xyz:1: 2000000000 atoms announced", SG_EPARSE},
        {"e.xyz", "2\n" CUBE "\nCu 1 1 1\n", "expected 2 atoms, got the end of the file after 1", SG_EPARSE},
        {"e.xyz", "1\nplain\nCu 1 1 1\n", "e.xyz:2: expected Lattice", SG_EPARSE},
        {"e.xyz", "1\nLattice=\"1 2 3\"\nCu 1 1 1\n", "e.xyz:2: Lattice: expected 9 numbers, got \"1 2 3\"",
         SG_EPARSE},
        {"e.xyz", "1\nLattice=\"10 0 0 0 10 0 0 0 nan\"\nCu 1 1 1\n", "e.xyz:2: Lattice: expected 9",
         SG_EPARSE},
        {"e.xyz", "1\nLattice=\"10 0 0 0 10 0 0 20 0\"\nCu 1 1 1\n", "three independent", SG_EINVAL},
        {"e.xyz", "1\n" CUBE "gamma=0.04\nCu 1 1 1\n", "e.xyz:2: expected the cell to be F(gamma) h0",
         SG_EPARSE},
        {"e.xyz", "1\n" CUBE "gamma=x\nCu 1 1 1\n", "e.xyz:2: gamma: expected a number, got \"x\"",
         SG_EPARSE},
        {"e.xyz", "1\n" CUBE "pbc=\"T T\"\nCu 1 1 1\n", "e.xyz:2: pbc: expected 3", SG_EPARSE},
        {"e.xyz", "1\n" CUBE "Properties=pos:R:3\n1 1 1\n", "species:S:1 and pos:R:3 once each, got 0 and 1",
         SG_EPARSE},
        {"e.xyz", "1\n" CUBE "Properties=species:S:1:pos:R:2\nCu 1 1\n", "expected pos:R:3, got pos:R:2",
         SG_EPARSE},
        {"e.xyz", "1\n" CUBE "Properties=species:S:1:pos:R\nCu 1 1\n", "name:kind:count", SG_EPARSE},
        {"e.xyz", "2\n" CUBE "\nCu 1 1 1\nCu 1 nan 1\n", "e.xyz:4: atom 2: y is not a number", SG_EPARSE},
        {"e.xyz", "2\n" CUBE "\nCu 1 1 1\nCu 1 1 1e999\n", "e.xyz:4: atom 2: z is not a number", SG_EPARSE},
        {"e.xyz", "2\n" CUBE "\nCu 1 1 1\nCu 1 1\n", "e.xyz:4: atom 2: expected 4 columns, got 3", SG_EPARSE},
        {"e.xyz", "2\n" CUBE "\nCu 1 1 1\nFe 1 1 1\n",
         "e.xyz:4: atom 2: expected an element of Cu Zr, got \"Fe\"", SG_EPARSE},
        {"e.xyz", "2\n" CUBE "Properties=species:S:1:pos:R:3:id:I:1\nCu 1 1 1 4\nCu 2 2 2 4\n",
         "id 4 occurs more", SG_EINVAL},
        {"e.xyz", "1\n" CUBE "Properties=species:S:1:pos:R:3:move_mask:L:3\nCu 1 1 1 T T F\n",
         "some directions only", SG_EUNSUPPORTED},
        {"e.data", "t\n\n1 atoms\n0 9 xlo xhi\n", "got no section Atoms", SG_EPARSE},
        {"e.data", "t\n\n1 atoms\n3 atom types\n", "e.data:4: the file has 3 atom types, expected at most 2",
         SG_EMISMATCH},
        {"e.data", "t\n\n7x atoms\n", "e.data:3: expected a number before \"atoms\", got \"7x\"", SG_EPARSE},
        {"e.data", "t\n\n1 atoms\n0 9 xlo xhi\n0 9 ylo yhi\n9 0 zlo zhi\n", "e.data:6: expected two rising",
         SG_EPARSE},
        {"e.data", "t\n\n1 atoms\n0 9 xlo xhi\n\nAtoms\n\n1 1 0 0 0\n",
         "e.data:6: expected a number of atoms and", SG_EPARSE},
        {"e.data", "t\n\n1 atoms\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\n\nAtoms # charge\n\n1 1 0 0 0\n",
         "e.data:8: expected atom style atomic, got \"charge\"", SG_EUNSUPPORTED},
        {"e.data", "t\n\n1 atoms\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\n\nAtoms\n\n1 3 0 0 0\n",
         "e.data:10: atom 1: type: expected 1 to 2", SG_EPARSE},
        {"e.data", "t\n\n1 atoms\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\n\nAtoms\n\n1 1 0 0 0 0.5 0 0\n",
         "e.data:10: atom 1: image flag x", SG_EPARSE},
        {"e.data", "t\n\n1 atoms\n2 atom types\n\nMasses\n\n1 91.2\n2 63.5\n",
         "e.data:8: type 1 has mass 91.2 amu, that of Zr", SG_EMISMATCH},
        {"e.dump", "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\nx\n", "e.dump:4: expected the number of atoms",
         SG_EPARSE},
        {"e.dump", "ITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0\n",
         "e.dump:6: expected 2 numbers", SG_EPARSE},
        {"e.dump",
         "ITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS\n0 9\n0 9\n0 9\nITEM: ATOMS id x y z\n1 0 0 0\n",
         "e.dump:7: expected columns id type", SG_EPARSE},
        {"e.dump",
         "ITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS\n0 9\n0 9\n0 9\nITEM: ATOMS id type x y z\n1 1 0 inf "
         "0\n",
         "e.dump:8: atom 1: y is not a number", SG_EPARSE},
    };

    (void)state;
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        sg_system *sys = (sg_system *)&sys;
        const sg_status st = sg_io_read_structure(put(bad[k].name, bad[k].text), 2, cuzr, &sys, NULL);
        if (st != bad[k].status || !strstr(sg_error_text(), bad[k].expect))
            print_error("case %zu: status %d, \"%s\", expected \"%s\"\n", k, (int)st, sg_error_text(),
                        bad[k].expect);
        assert_int_equal(st, bad[k].status);
        assert_non_null(strstr(sg_error_text(), bad[k].expect));
        assert_null(sys);
    }
    sg_system *sys;
    assert_int_equal(sg_io_read_structure(in_folder("absent.xyz"), 2, cuzr, &sys, NULL), SG_ENOTFOUND);
    assert_int_equal(sg_io_read_structure(folder, 2, cuzr, &sys, NULL), SG_EIO);
    assert_int_equal(sg_io_read_structure(put("n.data", "t\n"), 0, NULL, &sys, NULL), SG_EINVAL);
    FILE *file = fopen(in_folder("zero.xyz"), "wb");
    fwrite("1\n\0 Lattice\n", 1, 12, file);
    fclose(file);
    assert_int_equal(sg_io_read_structure(file_name, 2, cuzr, &sys, NULL), SG_EPARSE);
    assert_non_null(strstr(sg_error_text(), "zero.xyz:2: expected text"));
}

static void frames_come_one_by_one(void **state)
{
    static const char text[] = "1\n" CUBE "\nCu 1 1 1\n1\n" CUBE "\nZr 2 1 1\n\n1\n" CUBE "\nCu 3 1 1\n";
    sg_frames *frames;
    sg_system *sys;
    char *note;

    (void)state;
    assert_int_equal(sg_io_frames_open(put("f.xyz", text), 0, NULL, &frames), SG_OK);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(sg_frames_next(frames, &sys), SG_OK);
        assert_non_null(sys);
        assert_close(sys->x[0][0], k + 1.0, 0.0);
        assert_int_equal(sys->type[0], k == 1); /* one numbering of species for all frames */
        assert_null(sg_frames_note(frames));
        sg_system_free(sys);
    }
    for (int k = 0; k < 2; k++) {
        assert_int_equal(sg_frames_next(frames, &sys), SG_OK);
        assert_null(sys);
    }
    sg_frames_close(frames);
    assert_int_equal(sg_io_read_structure(file_name, 2, cuzr, &sys, &note), SG_OK);
    assert_non_null(strstr(note, "only the first frame"));
    sg_free(note);
    sg_system_free(sys);

    assert_int_equal(
        sg_io_frames_open(
            put("d.data", "t\n1 atoms\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\nAtoms\n\n1 1 1 1 1\n"), 2, cuzr,
            &frames),
        SG_OK);
    assert_int_equal(sg_frames_next(frames, &sys), SG_OK);
    sg_system_free(sys);
    assert_int_equal(sg_frames_next(frames, &sys), SG_OK);
    assert_null(sys);
    sg_frames_close(frames);
}

static void written_frame_is_as_documented(void **state)
{
    const double energy = -7.25, stress[6] = {0.5, 1.0, 1.5, 2.0, 2.5, 3.0}, time = 2e12;
    const double f[1][3] = {{0.5, -0.25, 0.0}};
    const int64_t step = 5, number = 9;
    const double mode[3] = {0, 0.125, -1}, weight = 3;
    const sg_frame_column columns[] = {{"mode", 3, mode}, {"weight", 1, &weight}};
    const sg_frame_info info = {.energy = &energy,
                                .stress = stress,
                                .f = f,
                                .step = &step,
                                .time = &time,
                                .state = &number,
                                .extra = "run=a",
                                .n_columns = 2,
                                .column = columns};
    sg_system *sys =
        read_good("w.xyz", "1\nProperties=species:S:1:pos:R:3:move_mask:L:1 " CUBE "\nZr 1 2 3 F\n", 2);

    (void)state;
    assert_int_equal(sg_io_write_extxyz(in_folder("out.xyz"), sys, &info), SG_OK);
    char *text = whole_text(file_name);
    assert_string_equal(text,
                        "1\n"
                        "Lattice=\"10 0 0 0 10 0 0 0 10\" "
                        "Properties=species:S:1:pos:R:3:id:I:1:forces:R:3:move_mask:L:1:mode:R:3:weight:R:1 "
                        "pbc=\"T T T\" "
                        "h0=\"10 0 0 0 10 0 0 0 10\" gamma=0 energy=-7.25 "
                        "stress=\"0.5 2 2.5 2 1 3 2.5 3 1.5\" step=5 time_s=2 state=9 run=a\n"
                        "Zr 1 2 3 1 0.5 -0.25 0 F 0 0.125 -1 3\n");
    free(text);
    const sg_frame_info broken = {.extra = "a\nb"};
    assert_int_equal(sg_io_write_extxyz(file_name, sys, &broken), SG_EINVAL);
    assert_int_equal(access(in_folder("out.xyz.tmp"), F_OK), -1);
    sg_system_free(sys);
}

static void written_data_is_as_documented(void **state)
{
    sg_system *sys = read_good("w.xyz", "2\n" CUBE "\nZr 1 2 3\nCu 12.5 -7.5 3\n", 2);

    (void)state;
    assert_int_equal(sg_system_set_strain(sys, 0.5), SG_OK); /* 12.5 - 0.5 * 7.5 = 8.75; b = (5, 10, 0) */
    assert_int_equal(sg_io_write_lammps_data(in_folder("out.data"), sys), SG_OK);
    char *text = whole_text(file_name);
    assert_string_equal(text, "LAMMPS data by slowglass: gamma=0.5 h0_xy=0 h0_xz=0 pbc=TTT types Cu Zr\n\n"
                              "2 atoms\n2 atom types\n\n"
                              "0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n5 0 0 xy xz yz\n\n"
                              "Masses\n\n1 63.545999999999999 # Cu\n2 91.224000000000004 # Zr\n\n"
                              "Atoms # atomic\n\n1 2 2 2 3 0 0 0\n2 1 3.75 2.5 3 1 -1 0\n");
    free(text);
    assert_int_equal(sg_system_set_strain(sys, 0.75), SG_OK);
    assert_int_equal(sg_io_write_lammps_data(file_name, sys), SG_OK);
    text = whole_text(file_name);
    assert_non_null(strstr(text, "(needs: box tilt large)\n"));
    free(text);
    sg_system_free(sys);
}

static void frames_are_appended_and_cut(void **state)
{
    sg_system *sys = read_good("w.xyz", "1\n" CUBE "\nZr 1 2 3\n", 2), *back;
    sg_frames *frames;
    struct stat two, cut;
    int n = 0;

    (void)state;
    in_folder("trajectory.extxyz");
    for (int k = 0; k < 4; k++) {
        sys->x[0][0] = k;
        assert_int_equal(sg_io_append_extxyz(file_name, sys, NULL), SG_OK);
        if (k == 1) stat(file_name, &two);
    }
    stat(file_name, &cut);
    assert_int_equal(truncate(file_name, cut.st_size - 3), 0); /* the last frame is torn */
    assert_int_equal(sg_io_truncate_extxyz(file_name, 99), SG_OK);
    assert_int_equal(sg_io_frames_open(file_name, 2, cuzr, &frames), SG_OK);
    while (sg_frames_next(frames, &back) == SG_OK && back) {
        assert_close(back->x[0][0], n, 0.0);
        n++;
        sg_system_free(back);
    }
    sg_frames_close(frames);
    assert_int_equal(n, 3);
    assert_int_equal(sg_io_truncate_extxyz(file_name, 2), SG_OK);
    stat(file_name, &cut);
    assert_true(cut.st_size == two.st_size);
    assert_int_equal(sg_io_truncate_extxyz(file_name, 0), SG_OK);
    stat(file_name, &cut);
    assert_true(cut.st_size == 0);
    assert_int_equal(sg_io_truncate_extxyz(in_folder("absent"), 0), SG_ENOTFOUND);
    sg_system_free(sys);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "a.xyz",    "a.extxyz", "a.data",           "a.lammpstrj", "g.xyz",  "r.xyz", "e.xyz",
        "e.data",   "e.dump",   "n.data",           "f.xyz",       "d.data", "w.xyz", "out.xyz",
        "out.data", "zero.xyz", "trajectory.extxyz"};
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        unlink(in_folder(names[k]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extxyz_columns_in_any_order),
        cmocka_unit_test(extxyz_defaults),
        cmocka_unit_test(data_is_unwrapped_shifted_sorted),
        cmocka_unit_test(dumps_in_all_coordinates),
        cmocka_unit_test(general_cells_are_rotated),
        cmocka_unit_test(rounding_above_the_diagonal_is_no_rotation),
        cmocka_unit_test(bad_files_are_named_by_line),
        cmocka_unit_test(frames_come_one_by_one),
        cmocka_unit_test(written_frame_is_as_documented),
        cmocka_unit_test(written_data_is_as_documented),
        cmocka_unit_test(frames_are_appended_and_cut),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
