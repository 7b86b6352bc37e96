"""A hostile notebook runs nothing: with the policy off the sanitiser holds, with the sanitiser off the policy holds.

Every payload is first shown to work on an unguarded page, so that a test that passes says something.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.tests.factories import UserFactory
from courses.content import markdown, outputs, pictures
from courses.models import Asset, Course
from courses.services.importing import import_course
from progress.services.enrolling import enroll

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MARK = "window.top.pwned=1"
HTML = {
    "script": f"<script>{MARK}</script>",
    "img onerror": f"<img src=x onerror='{MARK}'>",
    "svg onload": f"<svg onload='{MARK}'></svg>",
    "svg script": f"<svg><script>{MARK}</script></svg>",
    "svg animate": f"<svg><animate onbegin='{MARK}' attributeName=x dur=1s></svg>",
    "details ontoggle": f"<details open ontoggle='{MARK}'>x</details>",
    "iframe srcdoc": f'<iframe srcdoc="<script>{MARK}</script>"></iframe>',
    "iframe javascript": f"<iframe src='javascript:{MARK}'></iframe>",
    "object": f"<object data='data:text/html,<script>{MARK}</script>'></object>",
    "input autofocus": f"<input autofocus onfocus='{MARK}'>",
    "style and onload": f"<style onload='{MARK}'>a{{}}</style>",
    "math mglyph": f"<math><mtext><table><mglyph><style><!--</style><img src=x onerror='{MARK}'>",
    "noscript": f"<noscript><p title=\"</noscript><img src=x onerror='{MARK}'>\">",
    "template": f"<template><script>{MARK}</script></template><img src=x onerror='{MARK}'>",
    "video source": f"<video><source onerror='{MARK}'></video>",
}
LINKS = {
    "markdown link": f"[press](javascript:{MARK})",
    "html link": f"<a href='javascript:{MARK}'>press</a>",
    "entity link": f"<a href='java&#x73;cript:{MARK}'>press</a>",
    "tab link": f"<a href='java\tscript:{MARK}'>press</a>",
    "data link": f"[press](data:text/html,<script>{MARK}</script>)",
}
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{MARK}'><script>{MARK}</script><circle r='9'/></svg>"


def _cell(kind: str, source: str, outputs: list[dict] | None = None, **metadata: Any) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": metadata, "source": source}
    if kind == "code":
        cell |= {"outputs": outputs or [], "execution_count": 1}
    return cell


def _output(mime: str, value: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {"x": value}, "data": {mime: value, "text/plain": "x"}}


def _write_course(folder: Path) -> None:
    everything = list(HTML.values()) + list(LINKS.values())
    cells = [_cell("markdown", "# Title <script>window.top.pwned=1</script>")]
    cells += [
        _cell("markdown", f"## {text}\n\n{text}\n\n- {text}\n\n> {text}\n\n| a |\n|---|\n| {text} |", tags=[text])
        for text in everything
    ]
    cells += [
        _cell("code", "1", [_output("text/html", text), _output("text/markdown", text), _output("text/latex", text)])
        for text in everything
    ]
    cells += [_cell("code", "1", [_output("image/svg+xml", SVG), _output("application/javascript", MARK)])]
    cells += [
        _cell("code", text, [{"output_type": "stream", "name": "stdout", "text": text}]) for text in HTML.values()
    ]
    cells += [
        _cell("code", "1", [{"output_type": "error", "ename": text, "evalue": text, "traceback": [text]}])
        for text in HTML.values()
    ]
    cells += [_cell("markdown", "![a](pic.svg)"), _cell("raw", HTML["script"])]
    cells += [_cell("markdown", f"$\\text{{{text}}}$") for text in HTML.values()]
    quiz = (
        "```{quiz} single\n"
        + HTML["img onerror"]
        + "\n\n- [x] "
        + HTML["script"]
        + "\n- [ ] "
        + HTML["svg onload"]
        + "\n```"
    )
    cells += [_cell("markdown", quiz)]
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"title": HTML["script"]}, "cells": cells}
    (folder / "lesson.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (folder / "pic.svg").write_text(SVG, encoding="utf-8")
    escaped = json.dumps(HTML["img onerror"])
    (folder / "course.toml").write_text(
        f"title = {escaped}\nslug = 'hostile'\nsummary = {escaped}\ndescription = {escaped}\noutcomes = [{escaped}]\n"
        f"authors = [{escaped}]\nlicence = {escaped}\n[[modules]]\ntitle = {escaped}\n"
        "lessons = [{file = 'lesson.ipynb', preview = true}]\n",
        encoding="utf-8",
    )


def _publish(folder: Path) -> Course:
    _write_course(folder)
    outcome = import_course(path=folder, publish=True)
    assert outcome.course is not None
    return outcome.course


def _visit_all(page: Page, course: Course) -> None:
    ben = UserFactory(email="ben@example.org")
    enroll(user=ben, course=course)
    lesson = course.lessons.get()
    pages = ["/", "/courses/", course.get_absolute_url(), lesson.get_absolute_url(), "/search/?q=img"]
    _open(page, pages)
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill("ben@example.org")
    page.locator("input[name=password]").fill("correct horse 47")
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/dashboard/")
    _open(page, ["/dashboard/", *pages])


def _open(page: Page, paths: list[str]) -> None:
    for path in paths:
        page.goto(path)
        page.wait_for_timeout(200)
        for link in page.get_by_text("press", exact=True).all()[:12]:
            if link.is_visible():
                link.click(no_wait_after=True)
        assert page.evaluate("window.pwned") is None, path
    for source in page.eval_on_selector_all("img[src*='.svg']", "all => all.map(image => image.src)"):
        page.goto(source)
        assert page.evaluate("window.pwned") is None, source


# Those not listed act only through a parser's second reading, or in other browsers.
PLAIN = ("script", "img onerror", "svg onload", "details ontoggle", "iframe srcdoc", "input autofocus", "video source")


@pytest.mark.parametrize("name", PLAIN)
def test_the_payloads_work_on_an_unguarded_page(browser, name):
    page = browser.new_page()
    page.set_content(f"<body>{HTML[name]}</body>")
    page.wait_for_function("window.pwned === 1", timeout=5_000)
    page.close()


def test_with_the_policy_off_the_sanitiser_lets_nothing_run(context, settings, tmp_path):
    settings.CONTENT_SECURITY_POLICY = None
    course = _publish(tmp_path)
    page = context.new_page()
    response = page.goto("/")
    assert "content-security-policy" not in response.headers
    _visit_all(page, course)


def _open_picture(page: Page, answer: Any) -> None:
    """Show our own answer at an address of its own: the live server's handler of media files sends no policy."""
    body = b"".join(answer.streaming_content)
    assert b"onload" in body
    page.route("**/picture.svg", lambda route: route.fulfill(headers=dict(answer.headers), body=body))
    page.goto("/picture.svg")
    assert page.evaluate("window.pwned") is None
    page.unroute("**/picture.svg")


def test_with_the_sanitiser_off_the_policy_lets_nothing_run(context, client, monkeypatch, tmp_path):
    for module in (markdown, outputs):
        monkeypatch.setattr(module, "clean_html", lambda html, **options: html)
    monkeypatch.setattr(pictures, "clean_svg", lambda data: data)
    course = _publish(tmp_path)
    html = "".join(part["html"] for part in course.lessons.get().current_revision.html)
    # The sanitiser is off indeed: these are tags, not the escaped text of a code cell.
    assert HTML["script"] in html
    assert HTML["img onerror"] in html
    page = context.new_page()
    stored = Asset.objects.filter(media_type="image/svg+xml")
    assert stored
    for picture in stored:
        _open_picture(page, client.get(f"/media/assets/{picture.file}"))
    _visit_all(page, course)
