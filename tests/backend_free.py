"""Which tests have no backend in them: text, files, plain NumPy, hand-made records.

They say the same on every backend, so `scripts/test.sh` runs them with its first backend only
(pytest's option `--with-a-backend`, see conftest.py, leaves them out on the others).
`tests/test_layout.py` refuses a file here that imports Keras, or a helper that does.
"""

from pathlib import Path

TESTS = Path(__file__).parent
#: Folders and files, from here on.
FREE = (
    "callbacks/test_checklist.py",
    "callbacks/test_report_log.py",
    "callbacks/test_trace.py",
    "callbacks/test_travel.py",
    "checks/baseline/test_kr211_just_before_the_net.py",
    "checks/overfit/test_kr305_can_overfit.py",
    "checks/overfit/test_kr312_oscillating.py",
    "checks/overfit/test_kr314_vanishing_gradient.py",
    "checks/overfit/test_kr315_exploding_gradient.py",
    "checks/overfit/test_kr316_dying_relu.py",
    "checks/overfit/test_kr319_stopped_too_early.py",
    "checks/overfit/test_kr320_data_starved.py",
    "checks/regularize/test_kr401_more_data.py",
    "checks/regularize/test_kr410_early_stopping.py",
    "checks/regularize/test_kr413_generalisation_gap.py",
    "checks/regularize/test_kr414_over_regularised.py",
    "checks/squeeze",
    "checks/tune/test_kr501_random_over_grid.py",
    "checks/tune/test_kr502_bayesian.py",
    "checks/tune/test_kr503_edge_of_space.py",
    "core",
    "data/test_accumulators.py",
    "data/test_batch.py",
    "data/test_coincidence.py",
    "data/test_columns.py",
    "data/test_contents.py",
    "data/test_engines.py",
    "data/test_filled.py",
    "data/test_groups.py",
    "data/test_human.py",
    "data/test_labels.py",
    "data/test_leaf.py",
    "data/test_order.py",
    "data/test_padding.py",
    "data/test_quantiles.py",
    "data/test_real_table.py",
    "data/test_recoding.py",
    "data/test_reservoir.py",
    "data/test_resplitting.py",
    "data/test_sameness.py",
    "data/test_splits.py",
    "data/test_statistics.py",
    "data/test_survey_table.py",
    "data/test_tally.py",
    "data/test_turned_copies.py",
    "data/test_which_tokens.py",
    "diagnosis/test_search.py",
    "ensemble/test_select.py",
    "experiments/test_climbed_rows.py",
    "experiments/test_contest_result.py",
    "experiments/test_gains.py",
    "experiments/test_journal.py",
    "experiments/test_leaking.py",
    "experiments/test_noise.py",
    "experiments/test_progress.py",
    "experiments/test_rate_curve.py",
    "experiments/test_searched.py",
    "experiments/test_shifts.py",
    "experiments/test_standing.py",
    "experiments/test_trial_record.py",
    "experiments/test_trial_rows.py",
    "label/test_page.py",
    "label/test_server.py",
    "label/test_shown.py",
    "looking/test_browser.py",
    "looking/test_expression.py",
    "looking/test_kinds.py",
    "looking/test_labelled.py",
    "looking/test_measures.py",
    "looking/test_rows_shown.py",
    "looking/test_sheets.py",
    "looking/test_view.py",
    "looking/test_words.py",
    "reports",
    "surgery/test_candidates.py",
    "surgery/test_targets.py",
    "tensorboard/test_markdown.py",
    "test_catalogue.py",
    "test_layout.py",
    "test_overfitted.py",
    "test_regularized.py",
    "test_without_tensorflow.py",  # starts each backend itself
)
_PLACES = frozenset(TESTS / name for name in FREE)


def is_free(path: Path) -> bool:
    """Return whether the tests of a file have no backend in them."""
    return not _PLACES.isdisjoint((path, *path.parents))
