"""Whether the figures of an audit fit together: types say nothing of it, and whoever draws a table counts on it."""

from collections.abc import Sized

from .figures import Bins, Figures, Histogram


def misfit(figures: Figures) -> str:
    """What has columns of different lengths, or not one for each class or layer of the network; empty if all fits."""
    checks = {
        "history": _history_fits,
        "classes": _classes_fit,
        "layers": _layers_fit,
        "calibration": _calibration_fits,
        "robustness": _curves_fit,
    }
    return next((name for name, fits in checks.items() if not fits(figures)), "")


def _history_fits(figures: Figures) -> bool:
    return figures.history is None or _are_as_long(*vars(figures.history).values())


def _classes_fit(figures: Figures) -> bool:
    n_classes, classes = figures.model.layer_sizes[-1], figures.classes
    columns = (
        figures.model.class_names,
        classes.precision,
        classes.recall,
        classes.f1,
        classes.support,
        figures.confident,
    )
    return all(len(column) == n_classes for column in (classes.confusion, *classes.confusion, *columns))


def _layers_fit(figures: Figures) -> bool:
    histograms = [layer.histogram for layer in figures.layers]
    return len(histograms) == len(figures.model.layer_sizes) - 1 and all(map(_histogram_fits, histograms))


def _histogram_fits(histogram: Histogram) -> bool:
    return _are_as_long(histogram.edges[1:], histogram.density, histogram.he_density)


def _calibration_fits(figures: Figures) -> bool:
    calibration = figures.calibration
    bins = (calibration.before, calibration.after)
    return _are_as_long(*vars(calibration.coverage).values()) and all(map(_bins_fit, bins))


def _bins_fit(bins: Bins) -> bool:
    return _are_as_long(bins.edges[1:], bins.n, bins.confidence, bins.accuracy)


def _curves_fit(figures: Figures) -> bool:
    curves = figures.robustness.curves
    if curves is None:
        return True
    return bool(curves) and all(
        _are_as_long(curve.strengths, curve.accuracy, curve.against or curve.accuracy) for curve in curves.values()
    )


def _are_as_long(*columns: Sized) -> bool:
    """As each other."""
    return len({len(column) for column in columns}) == 1
