"""matplotlib's backend of a lesson: figures are pictures below the cell. Imported by matplotlib alone.

`plt.show()` shows the open figures at once; what is still open at the end of a cell is shown then.
"""

import io
from typing import Any

from matplotlib._pylab_helpers import Gcf  # type: ignore[import-not-found]
from matplotlib.backends.backend_agg import FigureCanvasAgg, new_figure_manager  # type: ignore[import-not-found]
from matplotlib.figure import Figure  # type: ignore[import-not-found]

FigureCanvas = FigureCanvasAgg
__all__ = ["FigureCanvas", "forget", "new_figure_manager", "pictured", "show", "take_pictures"]


class Picture:
    """A figure, drawn."""

    def __init__(self, figure: Any) -> None:
        self.text = repr(figure)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="png", bbox_inches="tight")
        self.png = drawn.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return self.text


def take_pictures() -> list[Picture]:
    """The open figures as pictures; they are closed by that."""
    try:
        return [Picture(manager.canvas.figure) for manager in Gcf.get_all_fig_managers() if manager.canvas.figure.axes]
    finally:
        Gcf.destroy_all()


def pictured(value: Any) -> Any:
    """A figure that is shown by name, drawn and closed; any other value as it is."""
    if not isinstance(value, Figure):
        return value
    picture = Picture(value)
    for manager in Gcf.get_all_fig_managers():
        if manager.canvas.figure is value:
            Gcf.destroy(manager)
    return picture


def forget() -> None:
    """Close the figures of a cell that failed: they are not the next one's."""
    Gcf.destroy_all()


def show(*args: Any, **kwargs: Any) -> None:
    """`plt.show()`."""
    from .cells import display

    display(*take_pictures())
