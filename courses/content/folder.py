"""From a folder of notebooks to the lessons of a course: plan the order, read every file, resolve what they refer to.

Nothing is fetched, nothing is run, nothing is written but a temporary folder of pictures. Knows no models: what comes
out is plain data, and storing it is the service's. A course that must not be imported raises CourseRefused.
"""

from collections.abc import Callable
from pathlib import Path
from posixpath import basename, commonpath, splitext
from typing import Any

from courses.content.assets import MAX_ASSET_BYTES, AssetRefused, AssetStore, SpaceExceeded
from courses.content.bibliography import Bibliography
from courses.content.browser_report import mark_browser_cells
from courses.content.course_files import CourseFiles, list_files
from courses.content.course_source import CERTIFICATE_PERCENT, COMPLETIONS, CourseSource, LessonSource, ModuleSource
from courses.content.description import Description, read_description
from courses.content.dialects_quiz_files import QuizFiles
from courses.content.images import resolve_images
from courses.content.lesson_drafts import LessonDraft, cut_title, lesson_title, title_from_words
from courses.content.lessons import build_lesson
from courses.content.links import LessonTarget, LinkResolver
from courses.content.manifest import NAME as MANIFEST
from courses.content.manifest import Manifest, read_manifest
from courses.content.notebook import MAX_NOTEBOOK_BYTES, Notebook, NotebookRefused, read_notebook
from courses.content.order import Entry, ModulePlan, Outline, course_readme, is_unread_lesson, list_left_out
from courses.content.order_files import find_outline
from courses.content.report import CourseRefused, ImportReport, Problem
from courses.content.slugs import lesson_slugs
from courses.content.textfiles import read_markdown, read_rmarkdown, read_script
from courses.content.titles import lesson_titles

MAX_LESSONS = 2_000
MAX_LESSON_BYTES = 1_000_000_000
MAX_UID, MAX_MODULE_UID, MAX_SLUG = 400, 200, 120

Progress = Callable[[int, int, str], None]


def read_course(path: Path, *, on_progress: Progress | None = None) -> CourseSource:
    """Read the course folder `path`. Raises CourseRefused, which names every fault found.

    `on_progress(done, total, file)` is called before each lesson file and once at the end.
    """
    if not path.is_dir():
        raise CourseRefused([Problem("", f"{path.name!r} is not a folder")])
    return _CourseReader(list_files(path), on_progress or _silent).read()


def _silent(done: int, total: int, file: str) -> None:
    """Progress that nobody watches."""


class _CourseReader:
    def __init__(self, files: CourseFiles, on_progress: Progress) -> None:
        self.files = files
        self.on_progress = on_progress
        self.report = ImportReport()
        self.store = AssetStore(files)
        self.faults: list[Problem] = []
        self.drafts: dict[str, LessonDraft] = {}
        self.quiz_paths: set[str] = set()

    def read(self) -> CourseSource:
        self.refuse_unsafe_folder()
        manifest = read_manifest(self.files)
        outline = self.outline(manifest)
        try:
            self.read_lessons(outline)
            slugs = self.slugs(outline)
            uids = self.uids(outline)
            self.stop_on_faults()
            description = read_description(self.files, manifest.about.get("description") if manifest else None)
            self.resolve(outline, slugs, description)
            data_files = self.data_files(manifest)
            self.keep_used_files(outline)
        except SpaceExceeded as error:
            raise CourseRefused([*self.faults, Problem("", str(error))]) from error
        self.stop_on_faults()
        return self.course(manifest, outline, description, slugs, uids, data_files)

    def stop_on_faults(self) -> None:
        if self.faults:
            raise CourseRefused(self.faults)

    def refuse_unsafe_folder(self) -> None:
        self.faults += [
            Problem(path, "is a link to a place outside of the course's folder") for path in self.files.outside
        ]
        self.faults += [Problem(path, "cannot be read") for path in self.files.unreadable]
        if self.files.too_many:
            self.faults.append(Problem("", "the folder has too many files to be a course"))
        self.stop_on_faults()

    # The order

    def outline(self, manifest: Manifest | None) -> Outline:
        if manifest is not None and manifest.faults:
            raise CourseRefused(manifest.faults)
        if manifest is not None and manifest.modules is not None:
            outline = manifest.outline()
            list_left_out(outline, self.files)
        else:
            outline = find_outline(self.files)
        self.report.problems += outline.problems
        if unread := [path for path in self.files.sizes if is_unread_lesson(path)]:
            count = f"{len(unread):,} .rst file" + ("" if len(unread) == 1 else "s")
            self.report.add_problem("", f"{count} (reStructuredText) not read, among them {min(unread)!r}")
        self.faults += outline.faults
        entries = outline.entries
        if not entries:
            self.faults += [Problem(outline.source, "no lesson was found"), *outline.problems]
        if len(entries) > MAX_LESSONS:
            self.faults.append(Problem("", f"has {len(entries):,} lessons; at most {MAX_LESSONS:,} are read"))
        if sum(self.files.sizes[entry.path] for entry in entries) > MAX_LESSON_BYTES:
            self.faults.append(Problem("", f"its lessons are over {MAX_LESSON_BYTES:,} bytes together"))
        self.faults += [
            Problem(entry.path[:80] + "…", f"has a path of over {MAX_UID} characters")
            for entry in entries
            if len(entry.path) > MAX_UID
        ]
        self.stop_on_faults()
        return outline

    # The files

    def read_lessons(self, outline: Outline) -> None:
        """Read each file; what cannot be read refuses the course where an order file names it, else is skipped."""
        entries = outline.entries
        language = str(outline.about.get("language") or "en")
        quizzes = QuizFiles(self.files, [entry.path for entry in entries], language=language)
        bibliography = Bibliography(self.files)
        for done, entry in enumerate(entries):
            self.on_progress(done, len(entries), entry.path)
            try:
                notebook = self.read_file(entry.path)
            except NotebookRefused as error:
                problem = Problem(entry.path, error.what, error.cell)
                is_named = bool(outline.source) and outline.is_binding and not entry.is_extra
                is_wanted = is_named and (outline.source == MANIFEST or not error.is_empty)
                if is_wanted or error.is_bound:
                    self.faults.append(problem)
                else:
                    self.report.add_problem(entry.path, f"{error.what}; the file is skipped", error.cell)
                continue
            solution = self.solution(outline.solutions.get(entry.path))
            if solution is not None:
                self.count_cells(solution[1])  # it is in, though no learner sees it
            draft = build_lesson(entry.path, notebook, self.store, solution=solution, quiz_files=quizzes)
            bibliography.add_list(draft)
            self.drafts[entry.path] = self.counted(draft)
        taken = {outline.solutions.get(path) for path in self.drafts}
        self.keep_answers([path for path in outline.answers if path not in taken])
        self.on_progress(len(entries), len(entries), "")
        quizzes.report_unused()
        self.quiz_paths = set(quizzes.sets)
        self.report.problems += quizzes.problems
        for module in outline.modules:
            module.entries = [entry for entry in module.entries if entry.path in self.drafts]
        outline.modules = [module for module in outline.modules if module.entries]
        if not outline.modules and not self.faults:
            self.faults.append(Problem("", "no lesson of this folder can be read"))
            self.faults += self.report.problems

    def solution(self, path: str | None) -> tuple[str, Notebook] | None:
        """The notebook that answers an exercise, by its path; one that cannot be read is listed, and does no harm."""
        if path is None:
            return None
        try:
            return path, self.read_file(path)
        except NotebookRefused as error:
            self.report.add_problem(path, f"{error.what}; its exercise stays without a solution", error.cell)
            return None

    def keep_answers(self, paths: list[str]) -> None:
        """Answers to no exercise go with the lesson that lies nearest: an export has them again, a learner never."""
        for path in paths if self.drafts else ():
            try:
                answers = self.read_file(path)
            except NotebookRefused as error:
                self.report.add_problem(path, f"{error.what}; the file is skipped", error.cell)
                continue
            if answers.format != "rmarkdown":
                self.count_cells(answers)
            nearest = max(self.drafts, key=lambda lesson: len(commonpath([lesson, path])))
            self.drafts[nearest].answers.append(path)

    def read_file(self, path: str) -> Notebook:
        try:
            data = self.files.read(path, max_bytes=MAX_NOTEBOOK_BYTES)
        except ValueError as error:
            raise NotebookRefused(str(error), is_bound=True) from error
        except OSError as error:
            raise NotebookRefused(f"cannot be read ({error.strerror or type(error).__name__})") from error
        readers = {".ipynb": read_notebook, ".md": read_markdown, ".mdx": read_markdown, ".py": read_script}
        readers |= dict.fromkeys((".rmd", ".qmd"), read_rmarkdown)
        return readers[splitext(path)[1].lower()](data)

    def count_cells(self, notebook: Notebook) -> None:
        if notebook.format != "markdown":
            self.report.notebooks += 1
            self.report.cells += len(notebook.cells)

    def counted(self, draft: LessonDraft) -> LessonDraft:
        report = self.report
        report.lessons += 1
        self.count_cells(draft.notebook)
        report.quizzes += draft.quizzes
        report.exercises += draft.exercises
        report.outputs += draft.outputs
        for number, what in draft.dropped:
            report.add_dropped_output(draft.path, number, what)
        for cell, what in draft.problems:
            report.add_problem(draft.path, what, cell)
        # The outputs are placed: their base64 need not stay in memory until the last lesson is read.
        draft.notebook.cells = []
        return draft

    # Names

    def slugs(self, outline: Outline) -> dict[str, str]:
        chosen = [(entry.path, entry.slug or self.own(entry, "slug", MAX_SLUG)) for entry in outline.entries]
        seen: dict[str, str] = {}
        for path, slug in chosen:
            if slug is not None and slug in seen:
                self.faults.append(Problem(path, f"slug {slug!r} is that of {seen[slug]!r} too"))
            elif slug is not None:
                seen[slug] = path
        return dict(zip([path for path, _ in chosen], lesson_slugs(chosen, base=self.files.base), strict=True))

    def uids(self, outline: Outline) -> dict[str, str]:
        """The uids that authors chose, by path. Two lessons of one uid would share their learners' progress."""
        uids: dict[str, str] = {}
        chosen = {entry.path: entry.uid or self.own(entry, "uid", MAX_UID) or entry.path for entry in outline.entries}
        # A path is its lesson's identity only where the author says no other: a renamed lesson may keep the old one.
        seen = {path: path for path, uid in chosen.items() if uid == path}
        for path, uid in chosen.items():
            if uid == path:
                continue
            if uid in seen:
                self.faults.append(Problem(path, f"uid {uid!r} is that of {seen[uid]!r} too"))
            seen[uid] = path
            uids[path] = uid
        return uids

    def own(self, entry: Entry, name: str, most: int) -> str | None:
        """What the notebook's metadata or the front matter says under `name`, when it is a fit name."""
        notebook = self.drafts[entry.path].notebook
        value = notebook.settings.get(name)
        if value is None and notebook.format != "ipynb":
            value = notebook.metadata.get(name)
        if value is None:
            return None
        fits = isinstance(value, str) and 0 < len(value.strip()) <= most and value.isprintable()
        if not fits or (name == "slug" and not all(part.isascii() and part.isalnum() for part in _words(value))):
            self.report.add_problem(entry.path, f"{name} {value!r:.60} is not valid and is not used")
            return None
        return value.strip()

    def setting(self, entry: Entry, name: str) -> Any:
        notebook = self.drafts[entry.path].notebook
        value = notebook.settings.get(name)
        return notebook.metadata.get(name) if value is None and notebook.format != "ipynb" else value

    # References

    def resolve(self, outline: Outline, slugs: dict[str, str], description: Description) -> None:
        drafts = [self.drafts[entry.path] for entry in outline.entries]
        targets = [LessonTarget.of(draft, slugs[draft.path]) for draft in drafts]
        links = LinkResolver(targets, outline.twins, self.files, self.store)
        links.description_path = course_readme(self.files)
        links.withheld = self.quiz_paths
        links.learn_repositories(drafts)
        for draft in drafts:
            resolve_images(draft, self.files, self.store, self.report)
            links.resolve(draft, self.report)
            mark_browser_cells(draft, self.files, self.report)
        description.resolve(links, self.files, self.store, self.report)

    def keep_used_files(self, outline: Outline) -> None:
        """Keep for export what lessons are made with: last, so that no file which is offered is taken for private."""
        for draft in (self.drafts[entry.path] for entry in outline.entries):
            draft.used_files = {path: self.used_file(path) for path in draft.files_used if path not in self.drafts}

    def used_file(self, path: str) -> str | None:
        """The file that the lesson is made with, stored byte by byte so that an export has it too; None if too large.

        Its name is known to the private part of the lesson alone.
        """
        try:
            data = self.files.read(self.files.real(path), max_bytes=MAX_ASSET_BYTES)
            return self.store.add_private(data).file
        except SpaceExceeded:
            raise
        except (AssetRefused, OSError, ValueError):
            return None

    def data_files(self, manifest: Manifest | None) -> dict[str, str]:
        offered: dict[str, str] = {}
        for path in manifest.data_files if manifest else ():
            try:
                offered[path] = self.store.add_file(path).file
            except SpaceExceeded:
                raise
            except AssetRefused as error:
                self.faults.append(Problem(MANIFEST, f"files.data: {path!r} {error}"))
        return offered

    # The course

    def course(
        self,
        manifest: Manifest | None,
        outline: Outline,
        description: Description,
        slugs: dict[str, str],
        uids: dict[str, str],
        data_files: dict[str, str],
    ) -> CourseSource:
        about = {key: value for key, value in outline.about.items() if value}
        about |= {key: value for key, value in (manifest.about if manifest else {}).items() if value}
        if str(about.get("summary", "")).casefold() == str(about.get("title", "")).casefold():
            about.pop("summary", None)  # books often repeat their title there
        title = about.get("title") or description.title or self.index_title(outline)
        title = cut_title(title or title_from_words(self.files.root.name) or "Course")
        rule = (manifest.completion if manifest else None) or COMPLETIONS[0]
        return CourseSource(
            title=title,
            slug=about.get("slug"),
            uid=about.get("uid"),
            summary=(about.get("summary") or description.summary)[:300],
            description=description.text,
            level=about.get("level", "beginner"),
            language=about.get("language", "en"),
            licence=str(about.get("licence", ""))[:80],
            authors=about.get("authors", []),
            outcomes=about.get("outcomes", []),
            requirements=about.get("requirements", []),
            modules=self.modules(outline, title, slugs, uids, rule),
            assets=self.store.assets,
            report=self.report,
            description_references=description.references,
            data_files=data_files,
            certificate=manifest.certificate if manifest else CERTIFICATE_PERCENT,
        )

    def index_title(self, outline: Outline) -> str:
        first = outline.entries[0].path
        is_index = splitext(basename(first))[0].casefold() in ("index", "readme") and "/" not in first
        return lesson_title(self.drafts[first]) if is_index else ""

    def modules(
        self, outline: Outline, course_title: str, slugs: dict[str, str], uids: dict[str, str], rule: str
    ) -> list[ModuleSource]:
        modules: list[ModuleSource] = []
        taken: set[str] = set()
        titles = lesson_titles(outline.entries, self.drafts)
        for number, plan in enumerate(outline.modules):
            lessons = [
                self.lesson(entry, titles[entry.path], slugs[entry.path], uids.get(entry.path), rule)
                for entry in plan.entries
            ]
            uid, count = (plan.uid or f"module-{number + 1}")[:MAX_MODULE_UID], 1
            while uid in taken:
                count += 1
                uid = f"{(plan.uid or 'module')[: MAX_MODULE_UID - 5]}-{count}"
            taken.add(uid)
            modules.append(ModuleSource(uid, self.module_title(plan, lessons, number, course_title), lessons))
        return modules

    def module_title(self, plan: ModulePlan, lessons: list[LessonSource], number: int, course_title: str) -> str:
        if plan.title:
            return cut_title(plan.title)
        first = splitext(basename(lessons[0].path))[0].casefold()
        if plan.is_chapter or (plan.folder and first in ("index", "readme")):
            return lessons[0].title
        if plan.folder:
            return title_from_words(basename(plan.folder))
        return course_title if number == 0 else lessons[0].title

    def lesson(self, entry: Entry, title: str, slug: str, uid: str | None, rule: str) -> LessonSource:
        draft = self.drafts[entry.path]
        minutes = entry.minutes if entry.minutes is not None else self.setting(entry, "minutes")
        if minutes is not None and (type(minutes) is not int or not 1 <= minutes <= 600):
            self.report.add_problem(entry.path, f"minutes {minutes!r:.40} is not a whole number from 1 to 600")
            minutes = None
        return LessonSource(
            uid=uid or entry.path,
            slug=slug,
            title=title,
            minutes=minutes,
            is_preview=entry.preview or self.setting(entry, "preview") is True,
            path=entry.path,
            body=draft.body,
            has_own_uid=uid is not None,
            completion=self.completion(entry, rule),
        )

    def completion(self, entry: Entry, rule: str) -> str:
        """What makes the lesson done: as course.toml says of it, else its own file, else the course."""
        named = entry.completion or self.setting(entry, "completion")
        if named is not None and named not in COMPLETIONS:
            self.report.add_problem(entry.path, f"completion {named!r:.40} is none of {', '.join(COMPLETIONS)}")
            named = None
        return named or rule


def _words(slug: str) -> list[str]:
    return [part for part in slug.replace("_", "-").split("-") if part]
