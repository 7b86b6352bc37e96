"""What serves the site in production, as far as it can be checked without a container engine.

The files beside the code name variables, ports, paths and versions of each other; here they are held together.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.urls import reverse

from courses.admin import imports
from courses.services import import_jobs
from mlpracticum import assets
from progress.management.commands import check_answers

PROJECT = Path(__file__).resolve().parents[1]
SECRETS = {
    "SECRET_KEY": "k" * 64,
    "ALLOWED_HOSTS": "courses.example.org",
    "DATABASE_URL": "postgres://user:secret@database.example.org:5432/courses",
}
COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())


def _text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def _read_by_code() -> set[str]:
    from_env = re.findall(r'_env\.\w+\(\s*"([A-Z_]+)"', _text("mlpracticum/env.py"))
    from_launcher = re.findall(r'environ\.get\("([A-Z_]+)"\)', _text("mlpracticum/postgres/places.py"))
    assert len(from_env) > 10
    assert len(from_launcher) == 2
    return {*from_env, *from_launcher}


def _read_by_compose() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", _text("compose.yaml")))


def test_example_explains_every_variable_and_no_other():
    lines = _text(".env.example").splitlines()
    explained = [match[1] for line in lines if (match := re.match(r"#?([A-Z_]+)=", line))]
    assert sorted(explained) == sorted(_read_by_code() | _read_by_compose())


def test_operating_page_lists_every_variable():
    listed = set(re.findall(r"^\| `([A-Z_]+)`", _text("docs/operating.md"), flags=re.MULTILINE))
    assert listed == _read_by_code() | _read_by_compose()


def _settings(shown: str = "SECURE_SSL_REDIRECT", **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", f"from mlpracticum import settings; print(settings.{shown})"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        # Empty strings, and not absent names, so that a developer's file .env cannot fill them in.
        env={"PATH": os.environ["PATH"], **dict.fromkeys(_read_by_code() & {*SECRETS, "HTTPS"}, ""), **environment},
    )


def test_production_starts_with_its_secrets_and_insists_on_https():
    result = _settings(MLPRACTICUM_MODE="production", **SECRETS, HTTPS="true")
    assert (result.returncode, result.stdout.strip()) == (0, "True"), result.stderr


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", ["", " "])
def test_production_refuses_to_start_without_a_secret(name, value):
    result = _settings(MLPRACTICUM_MODE="production", **{**SECRETS, name: value})
    assert result.returncode != 0
    assert f"production needs these environment variables: {name}\n" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY: must have at least 50 characters"),
        ("ALLOWED_HOSTS", "courses.example.org,*", "ALLOWED_HOSTS: name the hosts"),
        ("ALLOWED_HOSTS", "courses.example.org, *", "ALLOWED_HOSTS: name the hosts"),
        ("ALLOWED_HOSTS", " , ", "ALLOWED_HOSTS: ' , ' names nothing"),
        ("DATABASE_URL", "sqlite:///db.sqlite3", "DATABASE_URL: must begin with postgres"),
        ("HTTPS", "ture", "HTTPS: must be true or false"),
        ("TRUSTED_PROXY_COUNT", "-1", "TRUSTED_PROXY_COUNT: must be a whole number"),
        ("TRUSTED_PROXY_COUNT", "one", "TRUSTED_PROXY_COUNT: must be a whole number"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: must be one of"),
        ("MLPRACTICUM_MODE", "prod", "MLPRACTICUM_MODE: must be one of development, production"),
    ],
)
def test_weak_or_misspelt_values_are_refused(name, value, reason):
    result = _settings(**{"MLPRACTICUM_MODE": "production", **SECRETS, name: value})
    assert result.returncode != 0
    assert reason in result.stderr


def test_lists_may_be_written_with_spaces():
    """A host with a space before it would match no request, and every page of that host would be a 400."""
    hosts = {"ALLOWED_HOSTS": " courses.example.org , www.example.org,"}
    result = _settings("ALLOWED_HOSTS", MLPRACTICUM_MODE="production", **{**SECRETS, **hosts})
    assert result.stdout.strip() == "['courses.example.org', 'www.example.org']", result.stderr


def test_compose_gives_production_everything_it_requires():
    given = COMPOSE["services"]["web"]["environment"]
    assert given["MLPRACTICUM_MODE"] == "production"
    assert set(SECRETS) <= set(given)
    assert COMPOSE["services"]["migrate"]["environment"] == given
    # An empty secret must stop compose itself, before a container is made.
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "POSTGRES_PASSWORD"):
        assert f"${{{name}:?" in _text("compose.yaml")


def test_only_the_buffering_proxy_is_reachable_from_outside():
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
    site = _text("deploy/nginx/site.inc")
    assert "proxy_request_buffering on;" in site
    assert "proxy_buffering on;" in site


def test_files_that_compose_mounts_exist():
    for variant in ("https", "http"):
        mounts = [mount.replace("${FRONT_PROXY:-https}", variant) for mount in COMPOSE["services"]["proxy"]["volumes"]]
        sources = [mount.partition(":")[0] for mount in mounts]
        made_by_the_operator = {"./deploy/certificates", "./deploy/acme"}
        missing = [source for source in sources if not (PROJECT / source).exists()]
        assert set(missing) <= made_by_the_operator
        assert any(source.endswith(f"{variant}.conf") for source in sources)


def test_proxy_health_check_and_server_agree_on_the_port():
    port = re.search(r'bind = "0\.0\.0\.0:(\d+)"', _text("deploy/gunicorn.conf.py"))[1]
    for variant in ("http", "https"):
        assert f"server web:{port};" in _text(f"deploy/nginx/{variant}.conf")
    assert f"127.0.0.1:{port}/healthz" in _text("Dockerfile")
    assert f"EXPOSE {port}" in _text("Dockerfile")
    assert '"/healthz"' in _text("mlpracticum/health.py")


def test_proxy_lets_through_what_django_accepts(settings):
    megabytes = int(re.search(r"client_max_body_size (\d+)m;", _text("deploy/nginx/site.inc"))[1])
    assert megabytes * 2**20 > settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_proxy_lets_through_the_courses_that_the_admin_takes():
    page = _text("deploy/nginx/site.inc").partition(f"location = {reverse('admin:courses_importjob_add')} {{")[2]
    megabytes = int(re.search(r"client_max_body_size (\d+)m;", page.partition("}")[0])[1])
    assert megabytes * 2**20 > import_jobs.MAX_UPLOAD_BYTES + imports.FORM_SLACK


def test_a_worker_runs_beside_the_web_and_sees_its_uploads():
    web, worker = COMPOSE["services"]["web"], COMPOSE["services"]["worker"]
    assert worker["command"][:3] == ["python", "manage.py", "db_worker"]
    assert worker["environment"] == web["environment"]
    assert set(web["volumes"]) <= set(worker["volumes"])
    assert "tmpfs" not in worker or not worker["tmpfs"]  # an unpacked archive must not fill the memory
    assert "/tmp" in {volume.partition(":")[2] for volume in worker["volumes"]}  # noqa: S108


def test_a_checker_of_exercises_runs_beside_the_web():
    web, checker = COMPOSE["services"]["web"], COMPOSE["services"]["checker"]
    assert checker["command"] == ["python", "manage.py", "check_answers"]
    assert checker["environment"] == web["environment"]
    assert checker["volumes"] == web["volumes"]
    assert int(checker["stop_grace_period"].rstrip("s")) > check_answers.GRACE


def test_server_keeps_idle_connections_longer_than_the_proxy():
    server = int(re.search(r"^keepalive = (\d+)", _text("deploy/gunicorn.conf.py"), flags=re.MULTILINE)[1])
    for variant in ("http", "https"):
        assert int(re.search(r"keepalive_timeout (\d+)s;", _text(f"deploy/nginx/{variant}.conf"))[1]) < server


def test_image_copies_files_that_exist_and_are_sent_to_its_build():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", _text("Dockerfile"), flags=re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert "requirements.txt" in names
    ignored = {line for line in _text(".dockerignore").splitlines() if line and not line.startswith("#")}
    for name in names:
        assert (PROJECT / name).exists(), name
        assert not any(part in ignored for part in (name, *map(str, Path(name).parents)) if part != ".")


def test_image_is_built_without_secrets_and_runs_as_nobody_special():
    ignored = _text(".dockerignore").splitlines()
    assert {".env", ".env.*", "var", ".git"} <= set(ignored)
    final = _text("Dockerfile").rpartition("\nFROM ")[2]
    assert "\nUSER app\n" in final
    assert "SECRET_KEY" not in final


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_python_packages_are_pinned_with_hashes_and_name_no_host(name):
    locked = _text(f"{name}.txt")
    entries = re.split(r"\n(?=[A-Za-z0-9])", locked.rstrip())
    packages = {entry.partition("==")[0].partition("[")[0].lower() for entry in entries}
    assert all(re.match(r"[A-Za-z0-9._-]+(\[[^]]*])?==[^\s;]+.*--hash=sha256:", entry, re.DOTALL) for entry in entries)
    wanted = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", _text(f"{name}.in"), flags=re.MULTILINE)
    assert {package.lower() for package in wanted} <= packages
    assert "://" not in locked


def test_front_end_packages_are_pinned_with_hashes_and_name_no_host():
    manifest, lock = json.loads(_text("package.json")), json.loads(_text("deno.lock"))
    wanted = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {f"npm:{name}@{version}" for name, version in wanted.items()} <= set(lock["specifiers"])
    assert all(entry["integrity"].startswith("sha512-") for entry in lock["npm"].values())
    assert "://" not in _text("deno.lock")


def test_every_third_party_file_that_pages_use_is_installed():
    used = set()
    for path in [
        *PROJECT.glob("static/**/*.css"),
        *PROJECT.glob("static/**/*.js"),
        *PROJECT.glob("templates/**/*.html"),
    ]:
        used |= set(re.findall(r"vendor/([\w./-]+\.\w+)", path.read_text(encoding="utf-8")))
    assert used, "no page uses a third-party file?"
    assert used <= {*assets.FILES, *assets.BUNDLED}
    missing = [name for name in used if not (assets.TARGET / name).is_file()]
    assert not missing, "run: make assets"


def test_help_lists_every_public_target():
    makefile = _text("Makefile")
    listed = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    internal = {"environment", "environment-dev", "assets"}
    public = {
        name for line in re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE) for name in line.split()
    } - internal
    assert public == set(re.findall(r"^  make (\S+)", listed, re.MULTILINE))
    assert {"run", "test", "check", "lock"} <= public
