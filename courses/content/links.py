"""Links of a lesson, resolved into addresses of lessons and files of the same course.

A link to a notebook, script or text of the course leads to its lesson, with the section's id; one to a data file leads
to that file. Links within the page and to other sites stay. A broken one is listed, and its text stays.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from posixpath import basename, splitext
from urllib.parse import quote, unquote, urlsplit

from courses.content.assets import AssetRefused, AssetStore, SpaceExceeded
from courses.content.course_files import CourseFiles, Found, Missing, folder_of, is_hidden
from courses.content.lesson_drafts import LessonDraft, Text
from courses.content.markdown import RenderContext
from courses.content.report import ImportReport
from courses.content.sanitizing import safe_id
from courses.content.twins import is_answer_file

ASSET_URL = "/media/assets/"
COURSE_PAGE = "../"
MAX_LINKS = 2_000
LESSON_SUFFIXES = (".ipynb", ".md", ".mdx", ".py", ".Rmd", ".qmd", ".rst")
INDEX_NAMES = ("index.ipynb", "Index.ipynb", "README.md", "index.md", "README.ipynb", "readme.md")

_SITES = re.compile(
    r"https?://(?:www\.)?(?:github\.com|nbviewer\.(?:jupyter\.org|org|ipython\.org)/github|colab\.research\.google\.com/github)"
    r"/([^/]+)/([^/]+)/(?:blob|tree|raw)/[^/]+/(.+)\Z"
)
_GENERIC = frozenset({"index", "readme", "home", "start"})
_SOLUTION = re.compile(r"(?:^|[/_.-])sol(?:ution)?s?(?=[/_.-])", re.I)


class LinkBroken(ValueError):
    """A link into the course that leads nowhere; says why."""


@dataclass
class LessonTarget:
    """Where links to a lesson lead: its slug, and the ids of its sections by each way to write them."""

    path: str
    slug: str
    ids: dict[str, str] = field(default_factory=dict)
    loose: dict[str, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    blocks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: LessonDraft, slug: str) -> "LessonTarget":
        """The target that `draft` is; headings get the ids that the renderer gives them."""
        target = cls(draft.path, slug, blocks=dict(draft.block_labels))
        names = RenderContext()
        for heading in draft.headings:
            identity = names.heading_id(heading.text)
            for written in (identity, safe_id(heading.text.replace(" ", "-"))):
                target.ids.setdefault(written, identity)
            target.loose.setdefault(_loose(heading.text), identity)
        for anchor in draft.anchors:
            target.labels.add(anchor)
            target.ids.setdefault(safe_id(anchor), safe_id(anchor))
            target.loose.setdefault(_loose(anchor), safe_id(anchor))
        return target

    def section(self, fragment: str) -> str | None:
        """The id that `fragment` (without #) means, or None."""
        wanted = safe_id(unquote(fragment))
        return self.ids.get(wanted) or self.ids.get(wanted.lower()) or self.loose.get(_loose(wanted) or "-")


class LinkResolver:
    """Resolves the links of all lessons of one course."""

    def __init__(
        self, targets: list[LessonTarget], twins: dict[str, str], files: CourseFiles, store: AssetStore
    ) -> None:
        """`twins` are files that are not lessons themselves, each with the path of the lesson that it equals."""
        self._by_path = {target.path: target for target in targets}
        self._by_path |= {twin: self._by_path[path] for twin, path in twins.items() if path in self._by_path}
        self._by_label: dict[str, LessonTarget] = {}
        for target in targets:
            for label in (*target.labels, *target.blocks):
                self._by_label.setdefault(label, target)
        self._files = files
        self._store = store
        self._own_repositories: set[str] = set()
        self._twins_met: set[str] = set()
        self.description_path: str | None = None
        self.withheld: set[str] = set()
        """Files that hold answers, whatever they are called: never offered."""

    def learn_repositories(self, drafts: list[LessonDraft]) -> None:
        """Find out under which repository names the lessons link to this very course."""
        hits: dict[str, set[str]] = defaultdict(set)
        misses: dict[str, set[str]] = defaultdict(set)
        for draft in drafts:
            for link in (link for text in draft.texts for found in text.references for link in found.links):
                repository, path = _remote_notebook(link)
                if repository:
                    target = self._remote_target(path)
                    (hits if target else misses)[repository].add(target.path if target else path)
        for repository, paths in hits.items():
            named = [path for path in paths if splitext(basename(path))[0].lower() not in _GENERIC]
            same_name = repository.split("/")[1] == self._files.root.name.lower()
            if same_name or (len(named) >= 2 and len(named) >= len(misses[repository])):
                self._own_repositories.add(repository)

    def resolve(self, draft: LessonDraft, report: ImportReport, *, here: LessonTarget | None = None) -> None:
        """Fill the `links` of each block of `draft`; count and list in `report`. Raises SpaceExceeded.

        `here` stands for a text that is no lesson, such as the course's description.
        """
        here = here or self._by_path[draft.path]
        self._twins_met.clear()
        for text in draft.texts:
            for found in text.references:
                for link in found.links:
                    self._resolve_one(link, text, here, report, is_role=False)
                for role in found.roles:
                    self._resolve_one(role, text, here, report, is_role=True)
        draft.linked_twins = sorted(self._twins_met)

    def _resolve_one(self, link: str, text: Text, here: LessonTarget, report: ImportReport, *, is_role: bool) -> None:
        report.links += 1
        try:
            address = self._role(link, here) if is_role else self._address(link, text, here, report)
        except LinkBroken as error:
            report.add_broken_link(here.path, text.cell, link, str(error))
            return
        if address is None:
            return
        links = text.block.setdefault("links", {})
        if len(links) >= MAX_LINKS and link not in links:
            report.add_broken_link(here.path, text.cell, link, f"the block has over {MAX_LINKS:,} links")
            return
        links[link] = address
        if address.startswith(ASSET_URL):
            report.file_links += 1
        else:
            report.lesson_links += 1

    def _address(self, link: str, text: Text, here: LessonTarget, report: ImportReport) -> str | None:
        """Where `link` leads: an address for the block's `links`, or None when it stays as it is."""
        if not link:
            raise LinkBroken("is empty")
        if link.startswith("#"):
            if link != "#" and here.section(link[1:]) is None:
                raise LinkBroken("no such section on this page")
            return None
        if re.match(r"(?i)https?:|mailto:|//", link):
            report.remote_links += 1
            return self._own_notebook(link, here, report)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", link) and isinstance(self._find(link, here), Missing):
            raise LinkBroken("is not an address that a lesson may have")
        return self._inside(link, text, here, report)

    def _inside(self, link: str, text: Text, here: LessonTarget, report: ImportReport) -> str:
        fragment = link.partition("#")[2]
        found = self._find(link, here)
        if isinstance(found, Missing):
            target = self._folder_target(link, here) or self._built_page(link, here)
            if target is None:
                return self._labelled(link, here, found.why)
            return self._lesson_address(target, fragment, text, here, link, report)
        target = self._by_path.get(found.path)
        if target is not None:
            if found.path != target.path:
                self._twins_met.add(found.path)
            if found.guessed in ("case", "name"):
                report.add_problem(here.path, f"link {link[:200]!r} is taken to be to {found.path!r}", text.cell)
            return self._lesson_address(target, fragment, text, here, link, report)
        if found.path == self.description_path:
            return COURSE_PAGE
        return self._file_address(found.path, link, text)

    def _labelled(self, link: str, here: LessonTarget, why: str) -> str:
        """The address of MyST's `[words](label)`."""
        if link not in here.labels and link not in here.blocks and link not in self._by_label:
            raise LinkBroken(why)
        return self._role(link, here) or f"../{here.slug}/#{quote(safe_id(link), safe='-_.:~!()*,;=@+')}"

    def _find(self, link: str, here: LessonTarget) -> Found | Missing:
        return self._files.find(link, folder=folder_of(here.path), suffixes=LESSON_SUFFIXES)

    def _folder_target(self, link: str, here: LessonTarget) -> LessonTarget | None:
        """The lesson that a link to a folder means: its index, else its first lesson."""
        bare = re.sub(r"[?#].*", "", link).rstrip("/")
        for name in INDEX_NAMES:
            found = self._files.find(f"{bare}/{name}", folder=folder_of(here.path))
            if isinstance(found, Found) and not found.guessed and found.path in self._by_path:
                return self._by_path[found.path]
        inside = self._files.folder(bare, folder=folder_of(here.path))
        below = (target for path, target in self._by_path.items() if inside and path.startswith(f"{inside}/"))
        return next(below, None)

    def _built_page(self, link: str, here: LessonTarget) -> LessonTarget | None:
        """The lesson of a link to the page that a book builder makes of it, `02-loss.html`."""
        bare = re.sub(r"[?#].*", "", link)
        if not bare.lower().endswith((".html", ".htm")):
            return None
        found = self._find(splitext(bare)[0], here)
        return self._by_path.get(found.path) if isinstance(found, Found) else None

    def _lesson_address(
        self, target: LessonTarget, fragment: str, text: Text, here: LessonTarget, link: str, report: ImportReport
    ) -> str:
        page = f"../{target.slug}/"
        if not fragment:
            return page
        section = target.section(fragment)
        if section is None:
            # The page is right all the same, so that the link is kept.
            report.add_broken_link(here.path, text.cell, link, "the lesson has no such section")
            return page
        return page + "#" + quote(section, safe="-_.:~!()*,;=@+")

    def _file_address(self, path: str, link: str, text: Text) -> str:
        if path.endswith((".ipynb", ".rst", ".Rmd", ".qmd")):
            raise LinkBroken("is not a lesson of this course")
        if is_hidden(path) or _SOLUTION.search(path) or is_answer_file(path) or path in self.withheld:
            raise LinkBroken("is a file that learners are not offered")
        try:
            asset = self._store.add_file(path)
        except SpaceExceeded:
            raise
        except AssetRefused as error:
            raise LinkBroken(str(error)) from error
        text.block.setdefault("assets", {})[link] = asset.as_reference()
        return ASSET_URL + asset.file

    def _role(self, target: str, here: LessonTarget) -> str | None:
        """The address of MyST's `{ref}` and `{doc}`, whose target is a label or a file."""
        if target in here.labels:
            return None
        if target in self._by_label:
            lesson = here if target in here.blocks else self._by_label[target]
            if target in lesson.blocks:
                return f"../{lesson.slug}/#block-{quote(lesson.blocks[target], safe='-_.:')}"
            return f"../{lesson.slug}/#{quote(safe_id(target), safe='-_.:~!()*,;=@+')}"
        found = self._find(target, here)
        if isinstance(found, Found) and found.path in self._by_path:
            return f"../{self._by_path[found.path].slug}/"
        raise LinkBroken("no such label or file")

    def _own_notebook(self, link: str, here: LessonTarget, report: ImportReport) -> str | None:
        """The lesson that a link to this course's repository on another site means; a link to oneself stays."""
        repository, path = _remote_notebook(link)
        target = self._remote_target(path) if repository in self._own_repositories else None
        if target is None or target.path == here.path:
            return None
        report.remote_links -= 1
        return f"../{target.slug}/"

    def _remote_target(self, path: str) -> LessonTarget | None:
        """The lesson that a path in a repository means; the course may be a folder of that repository."""
        parts = path.split("/")
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((self._by_path[tail] for tail in tails if tail in self._by_path), None)


def _remote_notebook(link: str) -> tuple[str, str]:
    """("owner/repository", path) of a link to a notebook on GitHub, nbviewer or Colab; ("", "") for any other."""
    found = _SITES.match(link)
    path = unquote(urlsplit(found[3]).path) if found else ""
    if not found or not path.endswith((".ipynb", ".md")):
        return "", ""
    return f"{found[1]}/{found[2]}".lower(), path


def _loose(text: str) -> str:
    return re.sub(r"[\W_]+", "", unquote(text).casefold())
