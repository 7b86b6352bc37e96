"""Django application: see README.md in this folder."""

from django.apps import AppConfig


class ProgressConfig(AppConfig):
    name = "progress"

    def ready(self) -> None:
        from courses.services.listeners import on_content_change
        from progress.services import settle_finished

        on_content_change(settle_finished)
