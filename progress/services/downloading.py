"""Whole-course downloads. Describes the parts of revisions from before there were downloads, once."""

from typing import Any

from courses.services.parts import describe_parts, part_content
from progress.selectors.downloads import Download, course_download, downloadable_revision

_BATCH = 20  # revisions described in one statement: it holds their content


def prepared_download(*, user: Any, slug: str) -> Download:
    """What there is to keep of a course, all of it described. 3 queries; more the first time after an upgrade.

    Raises:
        Http404: there is no such course, or the person does not take it.
    """
    download = course_download(user=user, slug=slug)
    if not download.waiting:
        return download
    for start in range(0, len(download.waiting), _BATCH):
        describe_parts(download.waiting[start : start + _BATCH])
    return course_download(user=user, slug=slug)


def lesson_part(*, user: Any, slug: str, sha256: str) -> bytes:
    """A lesson's part. 2 queries.

    Raises:
        Http404: there is none of this name in the course now, or not for this person.
    """
    return part_content(downloadable_revision(user=user, slug=slug, sha256=sha256))
