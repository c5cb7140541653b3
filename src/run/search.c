/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session of searches. The explorer knows one cell and one set of atoms: a structure that differs in these
 * gets a new one; the catalog, which knows neither, stays. */
#include "slowglass/run/search.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_internal.h"

struct sg_search {
    const sg_potential *pot;
    const sg_log *log;
    sg_search_options opt;
    sg_run_setup setup;
    char *temporary; /* folder to be removed, NULL if none */
    sg_catalog *cat;
    sg_explorer *ex;
    sg_system *like;       /* what the explorer was made for */
    int *centre;           /* [opt.n_centres] indices in `like` */
    sg_search_totals past; /* of the explorers before this one */
    uint64_t next_search;
    sg_search_event *event; /* of the last structure */
};

static sg_status make_temporary(char **out)
{
    const char *folder = getenv("TMPDIR");
    char *path = run_path(folder && *folder ? folder : "/tmp", "slowglass-XXXXXX");

    *out = NULL;
    if (!path) return sg_fail(SG_ENOMEM, "temporary folder");
    if (!mkdtemp(path)) {
        const sg_status st =
            sg_fail(errno == ENOSPC ? SG_EFULL : SG_EIO, "temporary folder %s: %s", path, strerror(errno));
        sg_free(path);
        return st;
    }
    *out = path;
    return SG_OK;
}

/* The files of a catalog lie in the folder itself. */
static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL) {
        char *path = run_path(folder, entry->d_name);
        if (path && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlink(path);
        sg_free(path);
    }
    if (dir) closedir(dir);
    rmdir(folder);
}

/* Who the counters of this session's catalog belong to: the same searches again are the same run. */
static sg_status name_run(sg_search *s, const sg_config *cfg, const sg_system *first)
{
    const sg_search_options *o = &s->opt;
    char *identity = NULL;
    sg_status st = run_identity(cfg, sg_system_hash(first), s->pot->fingerprint, &identity);

    if (st != SG_OK) return st;
    sg_cat_run r = run_describe(cfg, &s->setup.explore, identity, "search", o->name ? o->name : "");
    free(identity); /* of open_memstream */
    const double limits[2] = {o->barrier_max, o->store_below};
    r.id = sg_hash(&o->inputs, sizeof o->inputs, r.id);
    r.id = sg_hash(limits, sizeof limits, r.id);
    r.id = sg_hash(&o->max_searches, sizeof o->max_searches, r.id);
    if (o->n_centres > 0) r.id = sg_hash(o->centre_id, (size_t)o->n_centres * sizeof *o->centre_id, r.id);
    if (r.id == 0) r.id = 1; /* 0: unknown */
    r.gamma = first->cell.gamma;
    s->setup.explore.run = r.id;
    return sg_catalog_put_run(s->cat, &r);
}

sg_status sg_search_open(sg_config *cfg, const sg_system *first, const sg_potential *pot,
                         const sg_search_options *opt, const sg_log *log, sg_search **out)
{
    sg_search *s = sg_calloc(1, sizeof *s);
    sg_status st;

    *out = NULL;
    if (!s) return sg_fail(SG_ENOMEM, "searches");
    *s = (sg_search){.pot = pot, .log = log, .opt = *opt};
    if ((st = sg_run_window(cfg)) != SG_OK) goto done;
    if ((st = sg_run_setup_make(cfg, first, pot, opt->threads, log, &s->setup)) != SG_OK) goto done;
    s->setup.explore.link = opt->link;
    s->setup.explore.keep_landscape = 0;
    s->setup.explore.saddle.window = cfg->search.give_up_above_eV; /* the spectrum has no upper end */
    if (opt->barrier_max > 0) s->setup.explore.barrier_max = opt->barrier_max;
    s->setup.explore.store_below = opt->store_below;
    s->setup.explore.max_at_start = opt->max_searches;
    s->centre = sg_calloc((size_t)opt->n_centres, sizeof *s->centre);
    if (!s->centre) st = sg_fail(SG_ENOMEM, "%d centres", opt->n_centres);
    if (st == SG_OK && !opt->catalog) st = make_temporary(&s->temporary);
    if (st == SG_OK)
        st = sg_catalog_create(opt->catalog ? opt->catalog : s->temporary, &s->setup.header, &s->cat);
    if (st != SG_OK) goto done;
    sg_catalog_set_log(s->cat, log);
    st = name_run(s, cfg, first); /* opens each base by itself, before they are opened for good */
    for (int k = 0; k < cfg->catalog.base.n && st == SG_OK; k++)
        st = sg_catalog_add_base(s->cat, cfg->catalog.base.value[k]);
    if (st != SG_OK) goto done;
    *out = s;
    s = NULL;
done:
    sg_search_close(s);
    return st;
}

static void add_labour(const sg_labour *from, sg_labour *to)
{
    to->tasks_s += from->tasks_s;
    to->serial_s += from->serial_s;
    to->team.coordinating_s += from->team.coordinating_s;
    to->team.here += from->team.here;
    to->team.away += from->team.away;
    to->team.again += from->team.again;
    to->team.bytes_tasks += from->team.bytes_tasks;
    to->team.bytes_results += from->team.bytes_results;
    to->team.bytes_told += from->team.bytes_told;
}

static void add_stats(const sg_search *s, sg_search_totals *t)
{
    if (!s->ex) return;
    const sg_explore_stats now = sg_explorer_stats(s->ex);
    t->searches += now.searches;
    for (int k = 0; k < SG_OUTCOME_COUNT; k++)
        t->outcome[k] += now.outcome[k];
    t->refinements += now.refinements;
    t->failed_refinements += now.failed_refinements;
    t->new_events += now.new_events;
    t->strain.left_out += now.strain.left_out;
    t->strain.born += now.strain.born;
    for (int k = 0; k < SG_FATE_COUNT; k++)
        t->strain.fate[k] += now.strain.fate[k];
    t->force_calls += now.force_calls;
    t->full_calls += now.full_calls;
    t->free_calls += now.free_calls;
    t->products += now.products;
    add_labour(&now.labour, &t->labour);
}

static int add_calls(void *arg, const void *record)
{
    sg_search *s = arg;
    const sg_cat_search *r = record;

    for (int k = 0; k < 5; k++)
        s->past.calls[k] += r->calls[k];
    s->next_search = r->id + 1;
    return 0;
}

sg_status sg_search_sums(sg_search *s, sg_search_totals *out)
{
    const sg_status st = sg_catalog_each_from(s->cat, SG_DB_SEARCHES, s->next_search, add_calls, s);
    *out = s->past;
    add_stats(s, out);
    return st;
}

/* --- one structure --- */

static int same_atoms(const sg_system *a, const sg_system *b)
{
    return a->n == b->n && memcmp(a->cell.h, b->cell.h, sizeof a->cell.h) == 0 &&
           memcmp(a->cell.h0, b->cell.h0, sizeof a->cell.h0) == 0 &&
           memcmp(a->cell.periodic, b->cell.periodic, sizeof a->cell.periodic) == 0 &&
           memcmp(a->type, b->type, (size_t)a->n * sizeof *a->type) == 0 &&
           memcmp(a->id, b->id, (size_t)a->n * sizeof *a->id) == 0 &&
           memcmp(a->fixed, b->fixed, (size_t)a->n) == 0;
}

static sg_status find_centres(sg_search *s, const sg_system *sys)
{
    for (int k = 0; k < s->opt.n_centres; k++) {
        int i = 0;
        while (i < sys->n && sys->id[i] != s->opt.centre_id[k])
            i++;
        if (i == sys->n) return sg_fail(SG_EINVAL, "no atom has the id %d", s->opt.centre_id[k]);
        if (sys->fixed[i])
            return sg_fail(SG_EINVAL, "atom %d is held still, nothing to search from it",
                           s->opt.centre_id[k]);
        s->centre[k] = i;
    }
    return SG_OK;
}

static sg_status explorer_for(sg_search *s, const sg_system *sys)
{
    sg_status st = SG_OK;

    if (s->ex && same_atoms(s->like, sys)) return SG_OK;
    if (s->like && (s->like->species.n != sys->species.n ||
                    memcmp(s->like->species.number, sys->species.number,
                           (size_t)sys->species.n * sizeof *sys->species.number) != 0))
        return sg_fail(
            SG_EMISMATCH,
            "other elements, or in another order, than the first structure; name them with --elements");
    add_stats(s, &s->past);
    sg_explorer_free(s->ex);
    sg_system_free(s->like);
    s->ex = NULL;
    s->like = NULL;
    if ((st = find_centres(s, sys)) != SG_OK) return st;
    s->setup.explore.n_centres = s->opt.n_centres;
    s->setup.explore.centre = s->centre;
    if ((st = sg_system_copy(sys, &s->like)) != SG_OK) return st;
    return sg_explorer_create(s->pot, s->like, &s->setup.topology, s->cat, &s->setup.explore, s->log, &s->ex);
}

static int compare_events(const void *a, const void *b)
{
    const sg_search_event *x = a, *y = b;
    if (x->barrier != y->barrier) return x->barrier < y->barrier ? -1 : 1;
    return (x->centre_id > y->centre_id) - (x->centre_id < y->centre_id);
}

static sg_search_event line_of(const sg_search *s, const sg_cat_entry *entry)
{
    const sg_cat_edge *e = sg_explorer_edge(s->ex, entry->edge);
    const int back = entry->reverse;
    sg_search_event line = {.edge = entry->edge,
                            .reverse = back,
                            .event = back ? 0 : e->event,
                            .barrier = entry->barrier,
                            .barrier_back = back ? e->barrier : e->barrier_back,
                            .centre_id = s->like->id[back ? e->centre_back : e->centre],
                            .participation = e->participation,
                            .dist_final = e->dist_final,
                            .found = e->found,
                            .source = back ? SG_SOURCE_INHERITED : (sg_source)e->source};

    for (int k = 0; k < 6; k++)
        line.strain_saddle[k] = e->strain_saddle[k] - (back ? e->strain_final[k] : 0);
    return line;
}

sg_status sg_search_structure(sg_search *s, sg_system *sys, const sg_search_event **events, int *n)
{
    const sg_cat_table *table;
    uint64_t state;
    sg_status st = explorer_for(s, sys);

    *events = NULL;
    *n = 0;
    if (st == SG_OK) st = sg_explorer_add_state(s->ex, (const double(*)[3])sys->x, &state);
    if (st != SG_OK) return st;
    memcpy(sys->x, sg_explorer_positions(s->ex, state), (size_t)sys->n * sizeof *sys->x);
    if ((st = sg_explorer_table(s->ex, state, state, &table)) != SG_OK) return st;
    sg_free(s->event);
    s->event = sg_calloc(table->n_entries, sizeof *s->event);
    if (!s->event) return sg_fail(SG_ENOMEM, "%u events", table->n_entries);
    for (uint32_t k = 0; k < table->n_entries; k++) {
        if (s->opt.barrier_max > 0 && table->entry[k].barrier > s->opt.barrier_max) continue;
        s->event[(*n)++] = line_of(s, &table->entry[k]);
    }
    qsort(s->event, (size_t)*n, sizeof *s->event, compare_events);
    *events = s->event;
    return SG_OK;
}

void sg_search_positions(sg_search *s, const sg_search_event *event, double (*x_saddle)[3],
                         double (*x_final)[3])
{
    const sg_cat_edge e = sg_explorer_whole_edge(s->ex, event->edge);
    const double(*from)[3] = sg_explorer_positions(s->ex, e.from);
    const double(*to)[3] = sg_explorer_positions(s->ex, e.to);

    sg_event_saddle(s->like, &e, event->reverse, from, to, event->reverse ? to : from, x_saddle);
    memcpy(x_final, event->reverse ? from : to, (size_t)s->like->n * sizeof *x_final);
}

void sg_search_close(sg_search *s)
{
    if (!s) return;
    sg_explorer_free(s->ex);
    sg_catalog_close(s->cat);
    if (s->temporary) remove_folder(s->temporary);
    sg_free(s->temporary);
    sg_system_free(s->like);
    sg_free(s->centre);
    sg_free(s->event);
    sg_free(s);
}
