"""A page that loads less: without what Bokeh sends along for figures that are drawn by WebGL, as none is here."""

from bokeh.resources import Resources
from bokeh.server.tornado import BokehTornado


def leave_webgl_out(application: BokehTornado) -> None:
    """Have the pages of an application load no more of BokehJS than they use."""
    all_of_bokeh = application.resources

    def used(absolute_url: str | bool | None = None) -> Resources:
        resources = all_of_bokeh(absolute_url)
        resources.components.remove("bokeh-gl")
        return resources

    application.resources = used  # type: ignore[method-assign]
