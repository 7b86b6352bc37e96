"""Image references of a lesson, resolved into files of the course.

Relative to the file they stand in, from the root with a leading `/`, attached to the cell or embedded as `data:`. Those
of other sites are left as they are: nothing is fetched. A missing one is listed, and its alternative text stays.
"""

import re
from urllib.parse import unquote

from courses.content.assets import AssetRefused, AssetStore, SpaceExceeded
from courses.content.course_files import REMOTE, CourseFiles, Missing, folder_of
from courses.content.lesson_drafts import LessonDraft, Text
from courses.content.pictures import NotAPicture, decode_data_uri
from courses.content.report import ImportReport

MAX_ASSETS = 1_000
"""Files that one block may refer to; the schema says the same."""


class ImageMissing(ValueError):
    """An image reference that leads nowhere; says why."""


def resolve_images(draft: LessonDraft, files: CourseFiles, store: AssetStore, report: ImportReport) -> None:
    """Fill the `assets` of each block of `draft`; count and list in `report`. Raises SpaceExceeded."""
    for text in draft.texts:
        for reference in (image for found in text.references for image in found.images):
            report.images += 1
            if re.match(r"(?i)https?:|//", reference):
                report.remote_images += 1
                continue
            try:
                _resolve(reference, text, draft.path, files, store, report)
            except ImageMissing as error:
                report.add_missing_image(draft.path, text.cell, reference, str(error))


def _resolve(
    reference: str, text: Text, path: str, files: CourseFiles, store: AssetStore, report: ImportReport
) -> None:
    known = text.block.get("assets", {})
    if any(unquote(key) == unquote(reference) for key in known):
        return
    if len(known) >= MAX_ASSETS:
        raise ImageMissing(f"the block has over {MAX_ASSETS:,} files")
    if reference.startswith("attachment:"):
        raise ImageMissing("the cell has no such attachment")
    try:
        if reference.startswith("data:"):
            asset = store.add_picture(decode_data_uri(reference))
        elif REMOTE.match(reference) and not re.match(r"[A-Za-z]:[\\/]", reference):
            raise ImageMissing("is not an address of a picture")
        else:
            asset = store.add_file(_file(reference, text, path, files, report))
    except SpaceExceeded:
        raise
    except (AssetRefused, NotAPicture) as error:
        raise ImageMissing(str(error)) from error
    if not asset.media_type.startswith("image/"):
        raise ImageMissing("is not a picture that browsers show")
    text.block.setdefault("assets", {})[reference] = asset.as_reference()


def _file(reference: str, text: Text, path: str, files: CourseFiles, report: ImportReport) -> str:
    found = files.find(reference, folder=folder_of(path))
    if isinstance(found, Missing):
        raise ImageMissing(found.why)
    if found.guessed in ("case", "name"):
        report.add_problem(path, f"image {reference[:200]!r} is taken to be {found.path!r}", text.cell)
    return found.path
