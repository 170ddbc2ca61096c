"""Views over finished tracks: a UCSC hub, an IGV session, a page that needs no network."""

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.track_writer import TrackWriter
from regplug_browser.hub import Hub
from regplug_browser.igv import Igv
from regplug_browser.page import Page


@hookimpl
def regplug_track_writers() -> list[TrackWriter]:
    """Return the hub, the session and the page."""
    return [Hub(), Igv(), Page()]
